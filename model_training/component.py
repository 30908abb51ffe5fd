"""The training stage as Kubeflow Pipelines components: the global models once, then one task a cluster."""

from kfp import dsl
from kfp.dsl import HTML, ClassificationMetrics, Dataset, Input, Metrics, Model, Output


@dsl.component(base_image="wafer-fault/model_training", install_kfp_package=False)
def train_global(
    run_id: str,
    seed: int,
    export: Input[Dataset],
    preprocessor: Input[Model],
    global_models: Output[Model],
    metrics: Output[Metrics],
) -> None:
    """Fit both families on all wafers, with out-of-fold scores: the half that every cluster's models share."""
    from wafer.runs import run_stage

    with run_stage("train-global", run_id) as stage:
        from pathlib import Path

        from model_training.stage import fit_global_models

        result = fit_global_models(Path(export.path), Path(preprocessor.path), Path(global_models.path), seed=seed)
        stage.count(**result.counts())
        for name, value in result.counts().items():
            metrics.log_metric(name, value)


@dsl.component(base_image="wafer-fault/model_training", install_kfp_package=False)
def train_cluster(
    run_id: str,
    cluster: int,
    seed: int,
    false_alarm_budget: float,
    export: Input[Dataset],
    preprocessor: Input[Model],
    assignments: Input[Dataset],
    global_models: Input[Model],
    member: Output[Model],
    metrics: Output[Metrics],
    roc: Output[ClassificationMetrics],
    confusion: Output[ClassificationMetrics],
    plots: Output[HTML],
) -> None:
    """Fit XGBoost and RandomForest for one cluster, calibrate both, and choose one by its out-of-fold AUC."""
    from wafer.runs import run_stage

    with run_stage(f"train-cluster-{cluster}", run_id) as stage:
        from pathlib import Path

        from model_training.stage import train_cluster as train

        result = train(
            cluster,
            Path(export.path),
            Path(preprocessor.path),
            Path(assignments.path),
            Path(global_models.path),
            Path(member.path),
            Path(plots.path),
            false_alarm_budget=false_alarm_budget,
            seed=seed,
        )
        stage.count(**result.counts())
        for name, value in result.metrics().items():
            metrics.log_metric(name, value)
        roc.log_roc_curve(*result.roc())
        confusion.log_confusion_matrix(["pass", "fail"], result.confusion())
