"""A home that was moved or copied: MLflow keeps the place of every artifact as an absolute address.

They are led to the folder next to the database, so a copy reads and writes its own files and never the original's.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from wafer.paths import local_path

_ADDRESSES = {
    "experiments": ("artifact_location",),
    "runs": ("artifact_uri",),
    "logged_models": ("artifact_location",),
    "model_versions": ("source", "storage_location"),
}
_EXPERIMENT = "SELECT artifact_location FROM experiments WHERE name = ?"
_MOVE = "UPDATE {table} SET {column} = :new || substr({column}, length(:old) + 1) WHERE {column} LIKE :old || '/%'"


def follow_move(database: Path, artifacts: Path, experiment: str) -> None:
    """Let what lies in an experiment's folder be found in `artifacts`, if that is where the folder is now."""
    if not database.is_file() or not artifacts.is_dir():
        return
    with closing(sqlite3.connect(database, timeout=10)) as connection, connection:
        recorded = _recorded(connection, experiment)
        if recorded and _has_moved(recorded, artifacts):
            for table, columns in _ADDRESSES.items():
                for column in columns:
                    move = _MOVE.format(table=table, column=column)
                    connection.execute(move, {"old": recorded, "new": artifacts.as_uri()})
            place = "UPDATE experiments SET artifact_location = ? WHERE name = ?"
            connection.execute(place, (artifacts.as_uri(), experiment))


def _recorded(connection: sqlite3.Connection, experiment: str) -> str:
    try:
        row = connection.execute(_EXPERIMENT, (experiment,)).fetchone()
    except sqlite3.OperationalError:  # no table yet
        return ""
    return str(row[0]) if row and row[0] else ""


def _has_moved(recorded: str, artifacts: Path) -> bool:
    """Whether an address is that of this folder at another place; one that leads here by another way has not moved."""
    before = local_path(recorded) if recorded.startswith("file:") else None
    if before is None or before.name != artifacts.name or recorded == artifacts.as_uri():
        return False
    return not before.exists() or not before.samefile(artifacts)
