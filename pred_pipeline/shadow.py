"""What the version that waits for a person says of the same wafers: kept beside the predictions, never among them."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import structlog

from pred_pipeline.answers import answers_of
from pred_pipeline.serving import BUNDLE, CANDIDATE
from pred_pipeline.stage import check_contract
from wafer.errors import WaferError
from wafer.model.assembly import load_bundle
from wafer.store import layout
from wafer.wafers.export import ExportFile

_TEXT = pa.dictionary(pa.int32(), pa.string())


def predict_in_shadow(
    export: Path, candidate: Path, out: Path, *, run_id: str, false_alarm_budget: float | None = None
) -> int:
    """Write `shadow.parquet` into `out` if a candidate was fetched into the folder; its version, else 0.

    One row a wafer, in the order of the export. A candidate that cannot judge these wafers never stops a prediction.
    """
    version = int(json.loads((candidate / CANDIDATE).read_text(encoding="utf-8"))["version"])
    if not version:
        return 0
    written, names = out / layout.SHADOW, {"model_version": str(version), "run_id": run_id}
    try:
        _write(export, candidate / BUNDLE, written, names, false_alarm_budget)
    except WaferError as error:
        written.unlink(missing_ok=True)
        structlog.get_logger().warning("shadow.left_out", version=version, code=error.code, message=error.message)
        return 0
    return version


def _write(export: Path, bundle: Path, written: Path, names: dict[str, str], budget: float | None) -> None:
    model = load_bundle(bundle)
    with ExportFile(export) as file:
        check_contract(file.columns.sensors, model)
        writer = None
        for part in file.parts():
            scores = model.score(part, budget)
            table = answers_of(part, scores, model.seen(part))
            table = table.append_column("threshold", pa.array([scores.threshold] * len(part), pa.float64()))
            for name, value in names.items():
                table = table.append_column(name, pa.array([value] * len(part), _TEXT))
            writer = writer or pq.ParquetWriter(written, table.schema)
            writer.write_table(table)
        if writer:
            writer.close()
