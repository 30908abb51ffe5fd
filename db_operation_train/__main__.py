"""The load stage as a command: `python -m db_operation_train --help`."""

from pathlib import Path
from typing import Annotated

import typer

from db_operation_train.stage import load_wafers
from wafer.command import counted, run
from wafer.contract import Kind
from wafer.documents import open_documents
from wafer.settings import Settings


def load(
    wafers: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="The wafers.parquet that the transformation wrote.")
    ],
    export: Annotated[Path, typer.Option(help="Folder to write wafers.parquet into.")],
    input_file: Annotated[Path, typer.Option(help="CSV file to write the same wafers into.")],
    kind: Annotated[Kind, typer.Option(help="What the wafers are for.")] = "training",
    documents: Annotated[str, typer.Option(help="mongodb:// address or SQLite file; default: MONGODB_URI.")] = "",
) -> str:
    """Load wafers as documents and export them again from the database; prints the counts."""
    with open_documents(documents or Settings().documents_uri) as database:
        return counted(load_wafers(wafers, database, export, input_file, kind).counts())


if __name__ == "__main__":
    run(load)
