"""The load stage as Kubeflow Pipelines components: load wafers; match what they turned out to be."""

from kfp import dsl
from kfp.dsl import HTML, Artifact, Dataset, Input, Metrics, Output


@dsl.component(base_image="wafer-fault/db_operation_train", install_kfp_package=False)
def load(
    run_id: str,
    kind: str,
    wafers: Input[Dataset],
    export: Output[Dataset],
    input_file: Output[Dataset],
    metrics: Output[Metrics],
) -> None:
    """Load the wafers as documents; export exactly this run's from the database, as CSV only for publishing."""
    from db_operation_train.descriptor import STAGE
    from wafer.runs import run_stage

    with run_stage("load", run_id, declared=STAGE) as stage:
        from pathlib import Path

        from db_operation_train.stage import load_wafers
        from wafer.documents import open_documents
        from wafer.settings import Settings

        with open_documents(Settings().documents_uri) as documents:
            result = load_wafers(Path(wafers.path), documents, Path(export.path), Path(input_file.path), kind)
        stage.measure(metrics, **result.counts())


@dsl.component(base_image="wafer-fault/db_operation_train", install_kfp_package=False)
def match(
    run_id: str,
    contract: str,
    schema: str,
    policy: str,
    accepted: Input[Dataset],
    manifest: Input[Artifact],
    validation_report: Input[HTML],
    report: Output[HTML],
    metrics: Output[Metrics],
) -> None:
    """Keep what wafers turned out to be, match it to what was predicted of them, and publish the run's folder."""
    from db_operation_train.descriptor import STAGE
    from wafer.runs import run_stage

    with run_stage("match", run_id, declared=STAGE) as stage:
        from pathlib import Path

        from db_operation_train.matching import match_outcomes
        from db_operation_train.outcome_files import publish_outcomes
        from wafer.contract import load_contract
        from wafer.documents import open_documents
        from wafer.settings import Settings

        read = load_contract("outcomes", schema, policy, contract)
        with open_documents(Settings().documents_uri) as documents:
            matched = match_outcomes(Path(accepted.path), read, documents, stage.store, run_id=run_id)
        publish_outcomes(
            matched,
            stage.store,
            run_id,
            manifest=Path(manifest.path),
            validation_report=Path(validation_report.path),
            report=Path(report.path),
        )
        stage.measure(metrics, **matched.counts())
