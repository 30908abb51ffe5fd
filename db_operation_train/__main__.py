"""The load stage as a command: `python -m db_operation_train --help`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from db_operation_train.stage import load_wafers
from wafer.contract import Kind
from wafer.documents import open_documents
from wafer.errors import WaferError
from wafer.settings import Settings


def load(
    wafers: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="The wafers.parquet that the transformation wrote.")
    ],
    export: Annotated[Path, typer.Option(help="Folder to write wafers.parquet and InputFile.csv into.")],
    kind: Annotated[Kind, typer.Option(help="What the wafers are for.")] = "training",
    documents: Annotated[str, typer.Option(help="mongodb:// address or SQLite file; default: MONGODB_URI.")] = "",
) -> None:
    """Load wafers as documents, export them again from the database and print the counts."""
    try:
        with open_documents(documents or Settings().documents_uri) as database:
            result = load_wafers(wafers, database, export, kind)
    except WaferError as error:
        typer.echo(f"{error.code}: {error.message}", err=True)
        sys.exit(error.exit_code)
    typer.echo(", ".join(f"{name} {count}" for name, count in result.counts().items()))


if __name__ == "__main__":
    typer.run(load)
