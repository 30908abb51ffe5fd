"""The transformation stage as a command: `python -m data_transformation_train --help`."""

from pathlib import Path
from typing import Annotated

import typer

from data_transformation_train.stage import transform_batches
from wafer.command import Policy, Schema, counted, run
from wafer.contract import Kind, load_contract


def transform(
    accepted: Annotated[
        Path, typer.Option(exists=True, file_okay=False, help="Folder of accepted files that the validation wrote.")
    ],
    wafers: Annotated[Path, typer.Option(help="The wafers.parquet to write.")],
    kind: Annotated[Kind, typer.Option(help="What the files are for.")] = "training",
    schema: Schema = "",
    policy: Policy = "",
) -> str:
    """Join accepted files into one table of wafers; prints its counts."""
    return counted(transform_batches(accepted, wafers, load_contract(kind, schema, policy)).counts())


if __name__ == "__main__":
    run(transform)
