"""The transformation stage as a command: `python -m data_transformation_train --help`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from data_transformation_train.stage import transform_batches
from wafer.contract import Kind, load_contract
from wafer.errors import WaferError


def transform(
    accepted: Annotated[
        Path, typer.Option(exists=True, file_okay=False, help="Folder of accepted files that the validation wrote.")
    ],
    wafers: Annotated[Path, typer.Option(help="The wafers.parquet to write.")],
    kind: Annotated[Kind, typer.Option(help="What the files are for.")] = "training",
    schema: Annotated[str, typer.Option(help="Schema: path, s3:// URI or JSON text; default: the project's own.")] = "",
    policy: Annotated[str, typer.Option(help="Policy: path, s3:// URI or JSON text; default: the project's own.")] = "",
) -> None:
    """Join accepted files into one table of wafers and print its counts."""
    try:
        result = transform_batches(accepted, wafers, load_contract(kind, schema, policy))
    except WaferError as error:
        typer.echo(f"{error.code}: {error.message}", err=True)
        sys.exit(error.exit_code)
    typer.echo(", ".join(f"{name} {count}" for name, count in result.counts().items()))


if __name__ == "__main__":
    typer.run(transform)
