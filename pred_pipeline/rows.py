"""Prediction rows as files: Parquet for programs, CSV that is safe to open in a spreadsheet for people."""

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from wafer.cells import safe_cell
from wafer.model.contributions import Reason
from wafer.model.scoring import Verdict


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """The model's answer for one wafer."""

    rank: int  # 1 = review this one first
    wafer: str
    verdict: Verdict
    probability: float
    threshold: float
    cluster: int
    distance_percentile: float  # among the training wafers
    top_sensors: tuple[Reason, ...]  # empty for passing wafers
    note: str  # why the wafer is `inspect`
    in_training: bool  # the model learned from a wafer with these very readings, so this is no forecast
    file: str
    model_version: str
    run_id: str


_REASON = pa.struct(
    [
        ("sensor", pa.string()),
        ("value", pa.float64()),
        ("usual_low", pa.float64()),
        ("usual_high", pa.float64()),
        ("contribution", pa.float64()),
    ]
)
SCHEMA = pa.schema(
    [
        ("rank", pa.int64()),
        ("wafer", pa.string()),
        ("verdict", pa.string()),
        ("probability", pa.float64()),
        ("threshold", pa.float64()),
        ("cluster", pa.int64()),
        ("distance_percentile", pa.float64()),
        ("top_sensors", pa.list_(_REASON)),
        ("note", pa.string()),
        ("in_training", pa.bool_()),
        ("file", pa.string()),
        ("model_version", pa.string()),
        ("run_id", pa.string()),
    ]
)


def write_parquet(rows: Sequence[PredictionRow], path: Path) -> None:
    """Write the rows with every type kept."""
    pq.write_table(pa.Table.from_pylist([asdict(row) for row in rows], SCHEMA), path)


def write_csv(rows: Sequence[PredictionRow], path: Path) -> None:
    """Write the rows with text that no spreadsheet takes for a formula; numbers stay bare."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(SCHEMA.names)
        writer.writerows(_cells(row) for row in rows)


def _cells(row: PredictionRow) -> list[object]:
    sensors = "; ".join(reason.text() for reason in row.top_sensors)
    return [
        row.rank,
        safe_cell(row.wafer),
        row.verdict,
        f"{row.probability:.6f}",
        f"{row.threshold:.6f}",
        row.cluster,
        f"{row.distance_percentile:.2f}",
        safe_cell(sensors),
        safe_cell(row.note),
        str(row.in_training).lower(),
        safe_cell(row.file),
        safe_cell(row.model_version),
        safe_cell(row.run_id),
    ]
