"""The validation stage as a Kubeflow Pipelines component."""

from kfp import dsl
from kfp.dsl import HTML, Artifact, Dataset, Metrics, Output


@dsl.component(base_image="wafer-fault/raw_data_validation_train", install_kfp_package=False)
def validate(
    source: str,
    kind: str,
    run_id: str,
    job_id: str,
    schema: str,
    policy: str,
    contract: str,
    also: str,
    accepted: Output[Dataset],
    manifest: Output[Artifact],
    report: Output[HTML],
    metrics: Output[Metrics],
) -> str:
    """Hold every file of a drop against the contract; what is refused goes to the quarantine with its reasons.

    Returns the run's id, which every later task uses.
    """
    from wafer.runs import resolve_run_id, run_stage

    run_id = resolve_run_id(run_id, job_id)
    with run_stage("validate", run_id) as stage:
        from pathlib import Path

        from raw_data_validation_train.stage import validate_source
        from wafer.contract import load_contract
        from wafer.engine import open_engine
        from wafer.settings import Settings

        with open_engine(Settings(), run_id=run_id, task="validate") as engine:
            result = validate_source(
                source,
                load_contract(kind, schema, policy, contract),
                accepted=Path(accepted.path),
                manifest=Path(manifest.path),
                report=Path(report.path),
                store=stage.store,
                run_id=run_id,
                also=also,
                engine=engine,
            )
        stage.measure(metrics, **result.counts())
    return run_id
