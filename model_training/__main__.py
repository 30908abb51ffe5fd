"""The training stage as commands: `python -m model_training global` and `python -m model_training cluster`."""

from pathlib import Path
from typing import Annotated

import typer

from model_training.fits import at_once
from model_training.stage import fit_global_models, train_cluster
from wafer.command import ClusterModel, Preprocessor, Seed, Training, run
from wafer.engine import open_engine
from wafer.model.recipe import Recipe
from wafer.settings import Settings

DEFAULTS = Recipe()
AT_ONCE = at_once()
Jobs = Annotated[
    int, typer.Option(min=1, help="Fits side by side where WAFER_WORKERS or WAFER_ENGINE gives no more processes.")
]


def fit_on_all(
    training: Training,
    preprocessor: Preprocessor,
    out: Annotated[Path, typer.Option(help="Folder to write every family to.")],
    jobs: Jobs = AT_ONCE,
    seed: Seed = DEFAULTS.seed,
    false_alarm_budget: Annotated[
        float, typer.Option(min=0, max=1, help="Share of good wafers that may be flagged.")
    ] = DEFAULTS.false_alarm_budget,
) -> str:
    """Fit every family on all wafers."""
    recipe = Recipe(seed=seed, false_alarm_budget=false_alarm_budget)
    with open_engine(Settings(), jobs) as engine:
        done = fit_global_models(training, preprocessor, out, recipe, engine)
    return "  ".join(f"{family} AUC {auc:.3f}" for family, auc in done.auc.items())


def train_one(
    cluster: Annotated[int, typer.Option(min=0, help="Number of the cluster.")],
    training: Training,
    preprocessor: Preprocessor,
    cluster_model: ClusterModel,
    global_models: Annotated[Path, typer.Option(help="Folder written by `global`.")],
    out: Annotated[Path, typer.Option(help="Folder to write the cluster's model to.")],
    report: Annotated[Path, typer.Option(help="HTML page to write the figures to.")],
    jobs: Jobs = AT_ONCE,
) -> str:
    """Train one cluster's models."""
    with open_engine(Settings(), jobs) as engine:
        done = train_cluster(cluster, training, preprocessor, cluster_model, global_models, out, report, engine)
    auc = done.figures[done.family].quality.auc
    return f"cluster {done.cluster}: {done.family}, AUC {auc:.3f}, threshold {done.threshold:.4f}"


if __name__ == "__main__":
    run({"global": fit_on_all, "cluster": train_one})
