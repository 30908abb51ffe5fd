"""Predictions of the past, as the last stage publishes them: small, and of any lots that a test wants."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from pred_pipeline.ranked import SCHEMA
from wafer.outcomes import matched
from wafer.store import Store, layout, publish


@dataclass(frozen=True, slots=True)
class Told:
    """What a run said of a wafer."""

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


def publish_prediction(
    store: Store,
    run_id: str,
    told: Sequence[Told],
    *,
    version: int = 1,
    group: int = 100,
    more: Mapping[str, bytes] | None = None,
) -> None:
    """Publish a run's folder, with `more` files; `group` wafers are a row group of its table."""
    rows = [_row(rank, each, run_id, version) for rank, each in enumerate(told, start=1)]
    files = {
        layout.PREDICTIONS: _parquet(pa.Table.from_pylist(rows, _schema(told)), group),
        layout.DOCUMENTS: _parquet(pa.table({"_id": [each.document for each in told]}), group),
        **(more or {}),
    }
    publish(store, layout.published("predict", run_id), files, run_id=run_id)


def publish_outcomes(store: Store, run_id: str, failed: Iterable[tuple[Told, bool]], *, received: str) -> None:
    """Publish what wafers turned out to be."""
    known = {
        "prediction": "predict-1",
        "key": None,
        "moment": datetime(2026, 3, 1, tzinfo=UTC),
        "model_version": 1,
        "shadow": False,
        "probability": 0.5,
        "threshold": 0.3,
        "budget": 0.1,
        "received": received,
    }
    rows = [
        known
        | {"wafer": each.wafer, "file": each.file, "verdict": each.verdict, "in_training": each.in_training}
        | {"document": each.document, "failed": bad}
        for each, bad in failed
    ]
    table = _parquet(pa.Table.from_pylist(rows, matched.SCHEMA), 100)
    publish(store, layout.published("outcomes", run_id), {layout.MATCHED: table}, run_id=run_id)


def _row(rank: int, told: Told, run_id: str, version: int) -> dict[str, Any]:
    probability = {"fail": 0.6, "inspect": 0.2, "pass": 0.1}[told.verdict]
    return {
        "rank": rank,
        "wafer": told.wafer,
        "verdict": told.verdict,
        "probability": probability,
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


def _schema(told: Sequence[Told]) -> pa.Schema:
    names = sorted({name for each in told for name in each.context})
    fields = [*SCHEMA, *(pa.field(name, pa.string()) for name in names)]
    return pa.schema(fields, {layout.CONTEXT: json.dumps({name: name for name in names})})


def _parquet(table: pa.Table, group: int) -> bytes:
    sink = BytesIO()
    parquet.write_table(table, sink, row_group_size=group)
    return sink.getvalue()
