"""`python -m preprocessing_train`: the stage as a command."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from preprocessing_train.stage import fit_preprocessor
from wafer.errors import WaferError
from wafer.model.recipe import Recipe


def main(
    export: Annotated[Path, typer.Option(help="Export directory of the load stage.")],
    out: Annotated[Path, typer.Option(help="Directory to write the preprocessor to.")],
    missing_indicators: Annotated[bool, typer.Option(help="Let a sensor's silence be a feature.")] = False,
) -> None:
    """Learn which sensors count and what stands in for a silent one."""
    try:
        done = fit_preprocessor(export, out, Recipe(missing_indicators=missing_indicators))
    except WaferError as error:
        typer.echo(f"{error.code}: {error.message}", err=True)
        sys.exit(error.exit_code)
    typer.echo(f"{done.wafers} wafers, {done.failures} failing: {done.sensors_kept} sensors kept")


if __name__ == "__main__":
    typer.run(main)
