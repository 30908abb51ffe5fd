"""The two stages that the parsing benchmark measures."""

import time
from pathlib import Path

import pyarrow as pa

from data_transformation_train.stage import transform_batches
from raw_data_validation_train.stage import validate_batches
from wafer.contract import load_contract
from wafer.store import list_batches

pa.array([])  # imports pandas where it is installed; the images of these stages do not hold it


def validate(drop: Path, out: Path) -> tuple[float, int]:
    """Seconds of the validation of a drop, and how many good rows it found."""
    out.mkdir(parents=True)
    contract = load_contract("training")
    written = {name: out / name for name in ("accepted", "manifest", "quarantine", "report")}
    start = time.perf_counter()
    done = validate_batches(list_batches(str(drop)), contract, None, **written)
    return time.perf_counter() - start, sum(file.rows_good for file in done.files)


def transform(out: Path) -> tuple[float, int]:
    """Seconds of joining what was accepted, and how many wafers it is."""
    contract = load_contract("training")
    start = time.perf_counter()
    done = transform_batches(out / "accepted", out / "wafers.parquet", contract)
    return time.perf_counter() - start, done.wafers
