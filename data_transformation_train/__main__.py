"""The transformation stage as a command: `python -m data_transformation_train --help`."""

from pathlib import Path
from typing import Annotated

import typer

from data_transformation_train.stage import transform_batches
from wafer.command import Policy, Schema, counted, run
from wafer.contract import Kind, load_contract
from wafer.engine import open_engine
from wafer.settings import Settings


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
    contract = load_contract(kind, schema, policy)
    with open_engine(Settings()) as engine:
        return counted(transform_batches(accepted, wafers, contract, engine=engine).counts())


if __name__ == "__main__":
    run(transform)
