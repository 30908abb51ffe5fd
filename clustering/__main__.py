"""`python -m clustering`: the stage as a command."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from clustering.stage import cluster_wafers
from wafer.errors import WaferError
from wafer.model.recipe import Recipe


def main(
    export: Annotated[Path, typer.Option(help="Export directory of the load stage.")],
    preprocessor: Annotated[Path, typer.Option(help="Directory written by preprocessing_train.")],
    out: Annotated[Path, typer.Option(help="Directory to write the cluster model to.")],
    assignments: Annotated[Path, typer.Option(help="Parquet file to write every wafer's cluster to.")],
    report: Annotated[Path, typer.Option(help="HTML page to write the elbow plot to.")],
    max_clusters: Annotated[int, typer.Option(min=1, max=50, help="Most clusters to try.")] = Recipe().max_clusters,
    seed: Annotated[int, typer.Option(min=0, help="Seed of KMeans.")] = Recipe().seed,
) -> None:
    """Group wafers; prints the list of cluster numbers as JSON."""
    recipe = Recipe(max_clusters=max_clusters, seed=seed)
    try:
        done = cluster_wafers(export, preprocessor, out, assignments, report, recipe)
    except WaferError as error:
        typer.echo(f"{error.code}: {error.message}", err=True)
        sys.exit(error.exit_code)
    typer.echo(json.dumps(done.clusters))


if __name__ == "__main__":
    typer.run(main)
