"""The validation stage as a command: `python -m raw_data_validation_train --help`."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from raw_data_validation_train.stage import validate_batches
from wafer.contract import load_contract
from wafer.errors import WaferError
from wafer.store import list_batches


class _Kind(StrEnum):
    training = "training"
    prediction = "prediction"


def validate(
    source: Annotated[str, typer.Option(help="Folder or s3:// prefix with the CSV batches.")],
    accepted: Annotated[Path, typer.Option(help="Folder for the good rows, a Parquet file a batch.")],
    manifest: Annotated[Path, typer.Option(help="File for the manifest (JSON).")],
    quarantine: Annotated[Path, typer.Option(help="Empty folder for refused files and rows.")],
    report: Annotated[Path, typer.Option(help="File for the report (HTML).")],
    kind: Annotated[_Kind, typer.Option(help="What the batches are for.")] = _Kind.training,
    schema: Annotated[str, typer.Option(help="Schema: path, s3:// URI or JSON text; default: the project's own.")] = "",
    policy: Annotated[str, typer.Option(help="Policy: path, s3:// URI or JSON text; default: the project's own.")] = "",
    workers: Annotated[int, typer.Option(min=0, help="Files read at once; 0: as many as there are processors.")] = 0,
) -> None:
    """Hold every file of a drop against the data contract."""
    try:
        result = validate_batches(
            list_batches(source),
            load_contract(kind.value, schema, policy),
            accepted=accepted,
            manifest=manifest,
            quarantine=quarantine,
            report=report,
            workers=workers,
        )
    except WaferError as error:
        typer.echo(f"{error.code}: {error.message}", err=True)
        sys.exit(error.exit_code)
    typer.echo(", ".join(f"{name} {count}" for name, count in result.counts().items()))


if __name__ == "__main__":
    typer.run(validate)
