"""Validate a folder in a test and look at what came out."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from raw_data_validation_train.stage import validate_batches
from wafer.contract import load_contract
from wafer.engine import Engine
from wafer.errors import NoGoodFiles
from wafer.store import list_batches


def validate(
    folder: Path | str,
    out: Path,
    kind: str = "training",
    policy: str = "",
    engine: Engine | None = None,
    schema: str | Path = "",
) -> dict[str, Any]:
    """The manifest of a drop, whether or not a file of it is good."""
    try:
        validate_batches(
            list_batches(str(folder)),
            load_contract(kind, schema, policy),
            engine,
            accepted=out / "accepted",
            manifest=out / "manifest.json",
            quarantine=out / "quarantine",
            report=out / "report.html",
        )
    except NoGoodFiles:
        assert not list((out / "accepted").iterdir())
    manifest: dict[str, Any] = json.loads((out / "manifest.json").read_text())
    return manifest


def accepted_wafers(out: Path) -> dict[str, list[str]]:
    """Wafers of every accepted file."""
    paths = sorted((out / "accepted").glob("*.parquet"))
    return {path.stem: accepted_table(path).column("Wafer").to_pylist() for path in paths}


def accepted(out: Path, stem: str) -> pa.Table:
    """The accepted rows of one file."""
    return accepted_table(out / "accepted" / f"{stem}.parquet")


def accepted_table(path: Path) -> pa.Table:
    """The rows of an accepted file with a column a sensor, as a person would lay them out."""
    table = parquet.read_table(path)
    told = json.loads(table.schema.metadata[b"sensors"])
    if not told:
        return table.replace_schema_metadata(None)
    at = next(n for n, kind in enumerate(table.schema.types) if pa.types.is_fixed_size_binary(kind))
    readings = np.array([np.frombuffer(row) for row in table.column(at).to_pylist()]).reshape(len(table), len(told))
    sensors = [pa.array(column, from_pandas=True) for column in readings.T]
    names = [*table.column_names[:at], *told, *table.column_names[at + 1 :]]
    return pa.table([*table.columns[:at], *sensors, *table.columns[at + 1 :]], names=names)


def everything_below(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
