"""The preprocessing stage as a Kubeflow Pipelines component."""

from kfp import dsl
from kfp.dsl import Dataset, Input, Metrics, Model, Output


@dsl.component(base_image="wafer-fault/preprocessing_train", install_kfp_package=False)
def preprocess(
    run_id: str,
    export: Input[Dataset],
    preprocessor: Output[Model],
    training: Output[Dataset],
    metrics: Output[Metrics],
) -> None:
    """Fit the preprocessor once: which sensors carry information, and what stands in for a missing reading."""
    from preprocessing_train.descriptor import STAGE
    from wafer.runs import run_stage

    with run_stage("preprocess", run_id, declared=STAGE) as stage:
        from dataclasses import asdict
        from pathlib import Path

        from preprocessing_train.stage import AT_ONCE, fit_preprocessor
        from wafer.engine import open_engine
        from wafer.settings import Settings

        folders = (Path(export.path), Path(preprocessor.path), Path(training.path))
        with open_engine(Settings(), AT_ONCE, run_id=run_id, task="preprocess") as engine:
            result = fit_preprocessor(*folders, engine=engine)
        stage.measure(metrics, **asdict(result))
