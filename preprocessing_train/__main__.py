"""The preprocessing stage as a command: `python -m preprocessing_train --help`."""

from pathlib import Path
from typing import Annotated

import typer

from preprocessing_train.stage import AT_ONCE, fit_preprocessor
from wafer.command import Export, run
from wafer.engine import open_engine
from wafer.model.recipe import Recipe
from wafer.settings import Settings


def preprocess(
    export: Export,
    out: Annotated[Path, typer.Option(help="Folder to write the preprocessor to.")],
    training: Annotated[Path, typer.Option(help="Parquet file to write the wafers to learn from to.")],
    missing_indicators: Annotated[bool, typer.Option(help="Let a sensor's silence be a feature.")] = False,
) -> str:
    """Learn which sensors count and what stands in for a silent one."""
    with open_engine(Settings(), AT_ONCE) as engine:
        done = fit_preprocessor(export, out, training, Recipe(missing_indicators=missing_indicators), engine)
    return f"{done.wafers} wafers, {done.failures} failing: {done.sensors_kept} sensors kept"


if __name__ == "__main__":
    run(preprocess)
