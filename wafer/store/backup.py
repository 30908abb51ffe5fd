"""Keep a copy of a database in the store: `python -m wafer.store.backup kubeflow /backup/kubeflow.sql.gz`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from wafer.command import run
from wafer.settings import Settings
from wafer.store import layout, open_store


def backup(
    name: Annotated[str, typer.Argument(help="Whose database it is.")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The copy.")],
) -> str:
    """Write a file below `backups/` of the store, named by the time of now (UTC)."""
    store = open_store(Settings().store_uri)
    key = layout.backup(name, f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}{''.join(file.suffixes)}")
    store.upload(file, key)
    return f"{store.uri}/{key}: {file.stat().st_size} bytes"


if __name__ == "__main__":
    run(backup)
