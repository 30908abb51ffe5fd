"""The clustering stage as a command: `python -m clustering --help`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from clustering.stage import cluster_wafers
from wafer.command import Preprocessor, Seed, Training, run
from wafer.model.recipe import Recipe

DEFAULTS = Recipe()


def cluster(
    training: Training,
    preprocessor: Preprocessor,
    out: Annotated[Path, typer.Option(help="Folder to write the cluster model to.")],
    assignments: Annotated[Path, typer.Option(help="Parquet file to write every wafer's cluster to.")],
    report: Annotated[Path, typer.Option(help="HTML page to write the elbow plot to.")],
    max_clusters: Annotated[int, typer.Option(min=1, max=50, help="Most clusters to try.")] = DEFAULTS.max_clusters,
    seed: Seed = DEFAULTS.seed,
) -> str:
    """Group wafers; prints the list of cluster numbers as JSON."""
    recipe = Recipe(max_clusters=max_clusters, seed=seed)
    return json.dumps(cluster_wafers(training, preprocessor, out, assignments, report, recipe).clusters)


if __name__ == "__main__":
    run(cluster)
