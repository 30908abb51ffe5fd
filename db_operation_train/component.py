"""The load stage as a Kubeflow Pipelines component."""

from kfp import dsl
from kfp.dsl import Dataset, Input, Metrics, Output


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
