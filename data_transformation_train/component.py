"""The transformation stage as a Kubeflow Pipelines component."""

from kfp import dsl
from kfp.dsl import Dataset, Input, Metrics, Output


@dsl.component(base_image="wafer-fault/data_transformation_train", install_kfp_package=False)
def transform(
    run_id: str,
    kind: str,
    schema: str,
    policy: str,
    contract: str,
    accepted: Input[Dataset],
    wafers: Output[Dataset],
    metrics: Output[Metrics],
) -> None:
    """Bring all good rows of a drop into one table: schema names, document ids, pass/fail labels, nulls."""
    from data_transformation_train.descriptor import STAGE
    from wafer.runs import run_stage

    with run_stage("transform", run_id, declared=STAGE) as stage:
        from pathlib import Path

        from data_transformation_train.stage import transform_batches
        from wafer.contract import load_contract
        from wafer.engine import open_engine
        from wafer.settings import Settings

        read = load_contract(kind, schema, policy, contract)
        with open_engine(Settings(), run_id=run_id, task="transform") as engine:
            result = transform_batches(Path(accepted.path), Path(wafers.path), read, engine=engine)
        stage.measure(metrics, **result.counts())
