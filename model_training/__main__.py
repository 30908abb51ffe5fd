"""`python -m model_training global` and `python -m model_training cluster`: the stage's two steps as commands."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from model_training.stage import fit_global_models, train_cluster
from wafer.errors import WaferError
from wafer.model.recipe import Recipe

app = typer.Typer(help=__doc__, no_args_is_help=True)
Export = Annotated[Path, typer.Option(help="Export directory of the load stage.")]
PreprocessorDir = Annotated[Path, typer.Option(help="Directory written by preprocessing_train.")]
Jobs = Annotated[int, typer.Option(min=1, help="Fits to run side by side; changes the time, never the result.")]


@contextmanager
def _exit_on_error() -> Iterator[None]:
    try:
        yield
    except WaferError as error:
        typer.echo(f"{error.code}: {error.message}", err=True)
        sys.exit(error.exit_code)


@app.command("global")
def fit_on_all(
    export: Export,
    preprocessor: PreprocessorDir,
    out: Annotated[Path, typer.Option(help="Directory to write both families to.")],
    jobs: Jobs = 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every fit.")] = Recipe().seed,
    false_alarm_budget: Annotated[
        float, typer.Option(min=0, max=1, help="Share of good wafers that may be flagged.")
    ] = Recipe().false_alarm_budget,
) -> None:
    """Fit both families on all wafers."""
    with _exit_on_error():
        done = fit_global_models(
            export, preprocessor, out, Recipe(seed=seed, false_alarm_budget=false_alarm_budget), jobs
        )
        typer.echo("  ".join(f"{family} AUC {auc:.3f}" for family, auc in done.auc.items()))


@app.command("cluster")
def train_one(
    cluster: Annotated[int, typer.Option(min=0, help="Number of the cluster.")],
    export: Export,
    preprocessor: PreprocessorDir,
    cluster_model: Annotated[Path, typer.Option(help="Directory written by clustering.")],
    global_models: Annotated[Path, typer.Option(help="Directory written by `global`.")],
    out: Annotated[Path, typer.Option(help="Directory to write the cluster's model to.")],
    report: Annotated[Path, typer.Option(help="HTML page to write the figures to.")],
    jobs: Jobs = 1,
) -> None:
    """Train one cluster's models."""
    with _exit_on_error():
        done = train_cluster(cluster, export, preprocessor, cluster_model, global_models, out, report, jobs)
        auc = done.figures[done.family].quality.auc
        typer.echo(f"cluster {done.cluster}: {done.family}, AUC {auc:.3f}, threshold {done.threshold:.4f}")


if __name__ == "__main__":
    app()
