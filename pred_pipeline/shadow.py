"""What the version that waits for a person says of the same wafers: kept next to the predictions, never among them."""

import json
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import structlog

from pred_pipeline.answered import Answered, Before, answered
from pred_pipeline.buckets import AT_ONCE, judged, served
from pred_pipeline.serving import BUNDLE, CANDIDATE
from pred_pipeline.stage import check_contract
from wafer.engine import Engine, Inline
from wafer.errors import WaferError
from wafer.evaluation.drift import Movement
from wafer.evaluation.rule import DEFAULT, Rule
from wafer.files import scratch_near
from wafer.model.recent import Scored
from wafer.store import layout
from wafer.wafers.export import ExportFile

_TEXT = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True, slots=True)
class Shadow:
    """What a candidate predicted, and what its later answers may be ranked among."""

    version: int
    digest: str
    scored: Scored


def predict_in_shadow(
    export: Path,
    candidate: Path,
    out: Path,
    *,
    run_id: str,
    false_alarm_budget: float,
    rule: Rule = DEFAULT,
    before: Before = lambda *_: (),
    engine: Engine | None = None,
) -> Shadow | None:
    """Write `shadow.parquet` into `out` if a candidate was fetched into the folder; None if there is none.

    One row a wafer, in the order of the export. Budget and rule are those of the predictions next to it, so that both
    versions answer the same question. A candidate that cannot judge these wafers never stops a prediction.
    """
    version = int(json.loads((candidate / CANDIDATE).read_text(encoding="utf-8"))["version"])
    if not version:
        return None
    engine = engine or Inline(AT_ONCE)
    try:
        model = served(candidate / BUNDLE, engine)
        bundle = model.bundle
        with ExportFile(export) as file, scratch_near(out, "shadow") as scratch:
            check_contract(file.columns.sensors, bundle)
            parts = judged(file, model, false_alarm_budget, engine, scratch, moves=False)
            found = answered(parts, bundle, false_alarm_budget, rule, before, Movement(bundle))
    except WaferError as error:
        structlog.get_logger().warning("shadow.left_out", version=version, code=error.code, message=error.message)
        return None
    pq.write_table(_table(found, version, run_id), out / layout.SHADOW)
    return Shadow(version, bundle.digest, found.scored)


def _table(found: Answered, version: int, run_id: str) -> pa.Table:
    table, wafers = found.answers, len(found.answers)
    table = table.append_column("threshold", pa.array([found.thresholds.value] * wafers, pa.float64()))
    for name, value in {"model_version": str(version), "run_id": run_id}.items():
        table = table.append_column(name, pa.array([value] * wafers, _TEXT))
    return table
