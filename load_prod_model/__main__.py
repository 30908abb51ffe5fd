"""`python -m load_prod_model`: assemble, register, decide and publish; the entry point of the image."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from load_prod_model.promotion import Parts, promote_run
from wafer.documents import open_documents
from wafer.errors import WaferError
from wafer.process import restrain_mlflow
from wafer.registry import Registry
from wafer.settings import Settings
from wafer.store import open_store

Folder = Annotated[Path, typer.Option(exists=True)]
Out = Annotated[Path, typer.Option()]


def promote(
    run_id: Annotated[str, typer.Option(help="The run; its folder is published as training/<run>/.")],
    manifest: Folder,
    validation_report: Folder,
    export: Folder,
    preprocessor: Folder,
    cluster_model: Folder,
    elbow: Folder,
    global_models: Folder,
    member: Annotated[list[Path], typer.Option(exists=True, help="Once for every cluster.")],
    bundle: Out,
    decision: Out,
    report: Out,
) -> None:
    """Promote the model of one training run; store, documents and registry come from the environment."""
    settings = Settings()
    parts = Parts(
        manifest, validation_report, export, preprocessor, cluster_model, elbow, global_models, member
    )  # in the order of the options
    try:
        with open_documents(settings.documents_uri) as documents:
            done = promote_run(
                parts,
                run_id=run_id,
                store=open_store(settings.store_uri),
                documents=documents,
                registry=Registry(settings.tracking_uri),
                bundle=bundle,
                decision=decision,
                report=report,
            )
    except WaferError as error:
        typer.echo(f"{error.code}: {error.message}", err=True)
        sys.exit(error.exit_code)
    typer.echo(f"version {done.model_version}: {done.reason}")


if __name__ == "__main__":
    restrain_mlflow()
    typer.run(promote)
