"""The batches a benchmark works on: the real ones where they are at hand, synthetic ones otherwise."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from application.synthetic import NOTE, write_synthetic
from data_transformation_train.stage import transform_batches
from preprocessing_train.ordering import in_order
from raw_data_validation_train.stage import validate_batches
from wafer.contract import load_contract
from wafer.store import list_batches
from wafer.wafers.arrays import EXPORT_FILE, Wafers, read_wafers
from wafer.wafers.export import ExportFile
from wafer.wafers.table import wafers_writer

_REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "wafer"


def default_data() -> Path | None:
    """The folder named by WAFER_DATA, or the one next to the repository; None where neither is there."""
    found = Path(os.environ.get("WAFER_DATA", _REAL))
    return found if (found / "training").is_dir() else None


@contextmanager
def batches(data: Path | None) -> Iterator[Path]:
    """A folder with `training/` and `prediction/`; without data, synthetic ones for the time of the block."""
    if data:
        yield data
        return
    with tempfile.TemporaryDirectory(prefix="synthetic-") as folder:
        write_synthetic(Path(folder))
        yield Path(folder)


def kind_of(data: Path) -> str:
    """Say in one word whether the batches were measured or made up."""
    return "synthetic" if (data / NOTE).exists() else "real"


def learning_table(data: Path) -> pa.Table:
    """The good labelled wafers in the form the load stage exports, ordered by their readings, exact copies once.

    A copy left in would be learned from in one fold and asked about in another.
    """
    with tempfile.TemporaryDirectory(prefix="wafers-") as scratch:
        folder = Path(scratch)
        contract = load_contract("training")
        validate_batches(
            list_batches(str(data / "training")),
            contract,
            accepted=folder / "accepted",
            manifest=folder / "manifest.json",
            quarantine=folder / "quarantine",
            report=folder / "report.html",
        )
        transform_batches(folder / "accepted", folder / EXPORT_FILE, contract)
        table = parquet.read_table(folder / EXPORT_FILE)
        with ExportFile(folder) as export:
            rows = [block.table["row"] for block in in_order(export, folder).blocks()]
            return table.take(pa.concat_arrays([chunk for row in rows for chunk in row.chunks]))


def write_export(table: pa.Table, folder: Path) -> Path:
    """Write an export directory as the load stage does."""
    folder.mkdir(parents=True, exist_ok=True)
    with wafers_writer(folder / EXPORT_FILE, table.schema) as writer:
        writer.write_table(table)
    return folder


def wafers_of(table: pa.Table) -> Wafers:
    """Read the wafers of a table as the stages read them."""
    with tempfile.TemporaryDirectory(prefix="export-") as scratch:
        return read_wafers(write_export(table, Path(scratch)))
