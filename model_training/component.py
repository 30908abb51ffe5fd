"""The training stage as Kubeflow Pipelines components: the global models once, then one task a cluster."""

from kfp import dsl
from kfp.dsl import HTML, ClassificationMetrics, Dataset, Input, Metrics, Model, Output


@dsl.component(base_image="wafer-fault/model_training", install_kfp_package=False)
def train_global(
    run_id: str,
    seed: int,
    max_clusters: int,
    false_alarm_budget: float,
    training: Input[Dataset],
    preprocessor: Input[Model],
    global_models: Output[Model],
    metrics: Output[Metrics],
) -> None:
    """Fit both families on all wafers, with out-of-fold scores: the half that every cluster's models share."""
    from model_training.descriptor import STAGE
    from wafer.runs import run_stage

    with run_stage("train-global", run_id, declared=STAGE) as stage:
        from pathlib import Path

        from model_training.fits import at_once
        from model_training.stage import fit_global_models
        from wafer.engine import open_engine
        from wafer.model.recipe import Recipe
        from wafer.settings import Settings

        recipe = Recipe(seed=seed, max_clusters=max_clusters, false_alarm_budget=false_alarm_budget)
        with open_engine(Settings(), at_once(), run_id=run_id, task="train-global") as engine:
            result = fit_global_models(
                Path(training.path), Path(preprocessor.path), Path(global_models.path), recipe, engine
            )
        figures = {f"auc_{family}": auc for family, auc in result.auc.items()}
        for name, found in (("forward", result.forward), ("whole_files", result.whole_files)):
            figures |= found.to_metrics(name) if found else {}
        stage.count(wafers=result.wafers, failures=result.failures)
        stage.measure(metrics, **figures)


@dsl.component(base_image="wafer-fault/model_training", install_kfp_package=False)
def train_cluster(
    run_id: str,
    job_id: str,
    cluster: int,
    training: Input[Dataset],
    preprocessor: Input[Model],
    cluster_model: Input[Model],
    global_models: Input[Model],
    member: Output[Model],
    metrics: Output[Metrics],
    roc: Output[ClassificationMetrics],
    confusion: Output[ClassificationMetrics],
    report: Output[HTML],
) -> None:
    """Fit XGBoost and RandomForest for one cluster, calibrate both, and choose one by its out-of-fold AUC."""
    from model_training.descriptor import STAGE
    from wafer.runs import resolve_run_id, run_stage

    own_run, task = resolve_run_id(run_id, job_id), f"train-cluster-{cluster}"
    with run_stage(task, own_run, declared=STAGE) as stage:
        from pathlib import Path

        from model_training.fits import at_once
        from model_training.stage import train_cluster as train
        from wafer.engine import open_engine
        from wafer.settings import Settings

        with open_engine(Settings(), at_once(), run_id=own_run, task=task) as engine:
            result = train(
                cluster,
                Path(training.path),
                Path(preprocessor.path),
                Path(cluster_model.path),
                Path(global_models.path),
                Path(member.path),
                Path(report.path),
                engine,
            )
        chosen = result.figures[result.family]
        stage.count(wafers=result.wafers, failures=result.failures, family=result.family, auc=chosen.quality.auc)
        for family, figures in result.figures.items():
            metrics.log_metric(f"auc_{family}", figures.quality.auc)
            metrics.log_metric(f"pr_auc_{family}", figures.quality.pr_auc)
        roc.log_roc_curve(chosen.false_alarm_rate, chosen.recall, chosen.roc_threshold)
        confusion.log_confusion_matrix(["pass", "fail"], chosen.confusion)
