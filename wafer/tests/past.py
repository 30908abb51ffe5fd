"""Predictions of the past, as the last stage publishes them: small, and of any lots that a test wants."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from pred_pipeline.ranked import SCHEMA
from wafer.built_in import BUILT_IN
from wafer.outcomes import matched
from wafer.store import Store, layout, publish

_PROBABILITY = {"fail": 0.6, "inspect": 0.2, "pass": 0.1}


@dataclass(frozen=True, slots=True)
class Told:
    """What a run predicted of a wafer."""

    wafer: str
    verdict: str = "pass"
    file: str = "wafer_01032026_100000.csv"
    in_training: bool = False
    context: Mapping[str, str] = field(default_factory=dict)
    reasons: Sequence[str] = ()  # the sensors that it names; they share what raised its score

    @property
    def document(self) -> str:
        """The `_id` of its readings: those of one file are always the same."""
        return f"{self.file}/{self.wafer}"


def lot(name: str, wafers: int, flagged: int = 0, inspect: int = 0, **more: Any) -> list[Told]:  # noqa: ANN401
    """The wafers of a lot, some of them flagged, some to inspect."""
    verdicts = ["fail"] * flagged + ["inspect"] * inspect
    verdicts += ["pass"] * (wafers - len(verdicts))
    return [
        Told(f"{name}-{place:02d}", verdict, context={"lot": name}, **more) for place, verdict in enumerate(verdicts)
    ]


def drift_of(wafers: int, *, moved: Sequence[str] = (), left: Sequence[str] = (), silent: Sequence[str] = ()) -> bytes:
    """What a run told of drift."""
    ranges = [
        {"sensor": each, "outside": 5, "readings": 25, "side": "above", "limit": 1.0, "usual": False, "chance": 1e-9}
        for each in left
    ]
    told = {"wafers": wafers, "unlike": 0.02, "newly_silent": silent, "moved": moved, "left_range": ranges}
    return json.dumps(
        {**told, "warnings": ["Look."] if moved else [], "notes": [], "sensors": dict.fromkeys(moved, 0.5)}
    ).encode()


def publish_prediction(
    store: Store,
    run_id: str,
    told: Sequence[Told],
    *,
    version: int = 1,
    group: int = 100,
    contract: str = BUILT_IN,
    more: Mapping[str, bytes] | None = None,
) -> None:
    """Publish a run's folder, with `more` files; `group` wafers are a row group of its table."""
    rows = [_row(rank, each, run_id, version) for rank, each in enumerate(told, start=1)]
    files: dict[str, Path | bytes] = {
        layout.PREDICTIONS: _parquet(pa.Table.from_pylist(rows, _schema(told, contract)), group),
        layout.DOCUMENTS: _parquet(pa.table({"_id": [each.document for each in told]}), group),
        **(more or {}),
    }
    publish(store, layout.published("predict", run_id), files, run_id=run_id)


def publish_outcomes(
    store: Store, run_id: str, failed: Iterable[tuple[Told, bool]], *, received: str, prediction: str = "predict-1"
) -> None:
    """Publish what wafers turned out to be."""
    known = {
        "prediction": prediction,
        "key": None,
        "moment": datetime(2026, 3, 1, tzinfo=UTC),
        "model_version": 1,
        "shadow": False,
        "threshold": 0.3,
        "budget": 0.1,
        "received": received,
        "contract": BUILT_IN,
    }
    rows = [
        known
        | {"wafer": each.wafer, "file": each.file, "verdict": each.verdict, "in_training": each.in_training}
        | {"document": each.document, "failed": bad, "probability": _PROBABILITY[each.verdict]}
        for each, bad in failed
    ]
    table = _parquet(pa.Table.from_pylist(rows, matched.SCHEMA), 100)
    publish(store, layout.published("outcomes", run_id), {layout.MATCHED: table}, run_id=run_id)


def _row(rank: int, told: Told, run_id: str, version: int) -> dict[str, Any]:
    return {
        "rank": rank,
        "wafer": told.wafer,
        "verdict": told.verdict,
        "probability": _PROBABILITY[told.verdict],
        "threshold": 0.3,
        "cluster": 0,
        "distance_percentile": 12.5,
        "top_sensors": [{"sensor": name, "contribution_share": 1 / len(told.reasons)} for name in told.reasons],
        "note": "",
        "in_training": told.in_training,
        "file": told.file,
        "model_version": str(version),
        "run_id": run_id,
        **told.context,
    }


def _schema(told: Sequence[Told], contract: str) -> pa.Schema:
    names = sorted({name for each in told for name in each.context})
    fields = [*SCHEMA, *(pa.field(name, pa.string()) for name in names)]
    return pa.schema(fields, {layout.CONTEXT: json.dumps({name: name for name in names}), layout.CONTRACT: contract})


def _parquet(table: pa.Table, group: int) -> bytes:
    sink = BytesIO()
    parquet.write_table(table, sink, row_group_size=group)
    return sink.getvalue()
