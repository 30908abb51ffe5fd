"""The validation stage as a command: `python -m raw_data_validation_train --help`."""

from pathlib import Path
from typing import Annotated

import typer

from raw_data_validation_train.stage import validate_batches
from wafer.command import Policy, Schema, counted, run
from wafer.contract import Kind, load_contract
from wafer.engine import open_engine
from wafer.settings import Settings
from wafer.store import list_batches


def validate(
    source: Annotated[str, typer.Option(help="Folder or s3:// prefix with the CSV batches.")],
    accepted: Annotated[Path, typer.Option(help="Folder for the good rows, a Parquet file a batch.")],
    manifest: Annotated[Path, typer.Option(help="File for the manifest (JSON).")],
    quarantine: Annotated[Path, typer.Option(help="Empty folder for refused files and rows.")],
    report: Annotated[Path, typer.Option(help="File for the report (HTML).")],
    kind: Annotated[Kind, typer.Option(help="What the batches are for.")] = "training",
    schema: Schema = "",
    policy: Policy = "",
) -> str:
    """Hold every file of a drop against the data contract; prints the counts."""
    with open_engine(Settings()) as engine:
        done = validate_batches(
            list_batches(source),
            load_contract(kind, schema, policy),
            accepted=accepted,
            manifest=manifest,
            quarantine=quarantine,
            report=report,
            engine=engine,
        )
    return counted(done.counts())


if __name__ == "__main__":
    run(validate)
