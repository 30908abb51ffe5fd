"""Validate a folder in a test and look at what came out."""

import json
from pathlib import Path
from typing import Any

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
    return {path.stem: parquet.read_table(path).column("Wafer").to_pylist() for path in paths}


def accepted(out: Path, stem: str) -> pa.Table:
    """The accepted rows of one file."""
    return parquet.read_table(out / "accepted" / f"{stem}.parquet")


def everything_below(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
