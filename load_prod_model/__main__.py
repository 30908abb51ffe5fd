"""The promotion stage as a command: `python -m load_prod_model --help`."""

from pathlib import Path
from typing import Annotated

import typer

from load_prod_model.promotion import Parts, promote_run
from wafer.built_in import BUILT_IN
from wafer.command import run
from wafer.documents import open_documents
from wafer.evaluation.decision import mode_of
from wafer.process import restrain_mlflow
from wafer.registry import open_registry
from wafer.settings import Settings
from wafer.store import open_store

Given = Annotated[Path, typer.Option(exists=True)]
Written = Annotated[Path, typer.Option()]


def promote(
    run_id: Annotated[str, typer.Option(help="The run; its folder is published as training/<run>/.")],
    manifest: Given,
    validation_report: Given,
    export: Given,
    input_file: Given,
    training: Given,
    preprocessor: Given,
    cluster_model: Given,
    elbow: Given,
    global_models: Given,
    member: Annotated[list[Path], typer.Option(exists=True, help="Once for every cluster.")],
    bundle: Written,
    decision: Written,
    report: Written,
    contract: Annotated[str, typer.Option(help="Name of the contract, which the model belongs to.")] = BUILT_IN,
    promotion: Annotated[str, typer.Option(help="auto, candidate, or empty for WAFER_PROMOTION.")] = "",
) -> str:
    """Promote the model of one training run; store, documents and registry come from the environment."""
    settings = Settings()
    parts = Parts(
        manifest=manifest,
        validation_report=validation_report,
        export=export,
        input_file=input_file,
        training=training,
        preprocessor=preprocessor,
        cluster_model=cluster_model,
        elbow=elbow,
        global_models=global_models,
        clusters=member,
    )
    with open_documents(settings.documents_uri) as documents:
        done = promote_run(
            parts,
            run_id=run_id,
            contract=contract,
            store=open_store(settings.store_uri),
            documents=documents,
            registry=open_registry(settings.tracking_uri, contract),
            bundle=bundle,
            decision=decision,
            report=report,
            mode=mode_of(promotion, settings.promotion),
            user=settings.user,
            rule=settings.threshold,
        )
    return f"version {done.model_version}: {done.reason}"


if __name__ == "__main__":
    restrain_mlflow()
    run(promote)
