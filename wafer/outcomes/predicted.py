"""Earlier predictions of some wafers, and by which readings these were judged."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import structlog
from pyarrow import parquet

from wafer.built_in import BUILT_IN
from wafer.contract import Contract
from wafer.documents import Documents, batches_of
from wafer.errors import NotPublished, ObjectNotFound
from wafer.outcomes.matched import SCHEMA, runs_that_published
from wafer.progress import reported
from wafer.runs import TaskRecord
from wafer.store import Store, fetch_files, layout, read_marker
from wafer.wafers.arrays import Wafers
from wafer.wafers.identity import content_keys, hex_of

PREDICTED = pa.schema([field for field in SCHEMA if field.name not in {"failed", "received"}])
_TOLD = ("wafer", "verdict", "probability", "threshold", "in_training", "file", "model_version")
_READ_AT_ONCE = 250  # documents; 590 readings are about 50 kB in memory


def predictions_of(
    wafers: Sequence[str], store: Store, documents: Documents, contract: Contract, runs: Sequence[str] | None = None
) -> pa.Table:
    """Every published prediction of these wafers under a contract, or of some `runs` alone, in `PREDICTED`.

    One run after the other is read. A run is left out that is older than the list of its documents, which tells by
    which readings it judged, or whose folder is gone.
    """
    runs = runs_that_published(store, "predict") if runs is None else runs
    parts = [PREDICTED.empty_table()]
    with TemporaryDirectory(prefix="wafer-predictions-") as folder:
        for run_id in reported(runs, len(runs), "prediction runs searched"):
            found = _of_run(run_id, contract.name, pa.array(wafers, pa.string()), store, Path(folder))
            if found is not None and found.num_rows:
                parts.append(_completed(found, run_id, store, documents, contract))
    return pa.concat_tables(parts)


def _of_run(run_id: str, contract: str, wafers: pa.Array, store: Store, folder: Path) -> pa.Table | None:
    """What a run under a contract predicted of the wafers, and the `_id` of each one's document."""
    prefix = layout.published("predict", run_id)
    try:
        files = read_marker(store, prefix).files
    except NotPublished as gone:  # removed since the runs were listed
        structlog.get_logger().warning("predictions.left_out", run_id=run_id, message=gone.message)
        return None
    if layout.DOCUMENTS not in files:
        return None
    names = [name for name in (layout.PREDICTIONS, layout.DOCUMENTS, layout.SHADOW) if name in files]
    paths = {name: folder / name for name in names}
    fetch_files(store, prefix, {name: (path, files[name]) for name, path in paths.items()})
    rows = parquet.read_table(paths[layout.PREDICTIONS], columns=list(_TOLD))
    if _contract_of(rows) != contract:
        return None
    ids = parquet.read_table(paths[layout.DOCUMENTS])["_id"]
    parts = [_told(rows, ids, shadow=False)]
    if layout.SHADOW in paths:
        shadowed = parquet.read_table(paths[layout.SHADOW], columns=[*_TOLD, "_id"])
        parts.append(_told(shadowed, shadowed["_id"], shadow=True))
    told = pa.concat_tables(parts)
    return told.filter(pc.is_in(told["wafer"], wafers))


def _contract_of(predictions: pa.Table) -> str:
    told = (predictions.schema.metadata or {}).get(layout.CONTRACT.encode())
    return told.decode() if told else BUILT_IN


def _told(rows: pa.Table, ids: pa.ChunkedArray, *, shadow: bool) -> pa.Table:
    """What a version predicted of each wafer, in the types of `PREDICTED`."""
    columns = {name: rows[name].cast(pa.string()) for name in ("model_version", "wafer", "verdict", "file")}
    columns |= {name: rows[name] for name in ("probability", "threshold", "in_training")}
    shadows = pa.repeat(pa.scalar(shadow), len(rows))
    return pa.table({**columns, "document": ids, "shadow": shadows})


def _completed(rows: pa.Table, run_id: str, store: Store, documents: Documents, contract: Contract) -> pa.Table:
    ended, budget = _task(store, run_id)
    moments = {file: _utc(contract.file_name.stamp(file)) or ended for file in pc.unique(rows["file"]).to_pylist()}
    ids = rows["document"].to_pylist()
    keys = dict(_keys(ids, documents, contract.sensors))
    columns = {name: rows[name] for name in (*_TOLD, "document", "shadow")}
    columns |= {
        "prediction": pa.repeat(run_id, len(rows)),
        "contract": pa.repeat(contract.name, len(rows)),
        "key": pa.array([keys.get(each) for each in ids], PREDICTED.field("key").type),
        "moment": pa.array([moments[file] for file in rows["file"].to_pylist()], PREDICTED.field("moment").type),
        "model_version": rows["model_version"].cast(pa.int64()),
        # The task tells that of production; a candidate is judged by its own.
        "budget": pc.if_else(rows["shadow"], pa.scalar(None, pa.float64()), pa.scalar(budget, pa.float64())),
    }
    return pa.table({name: columns[name] for name in PREDICTED.names}, PREDICTED)


def _utc(stamp: datetime | None) -> datetime | None:
    """A stamp says no time zone; all of a line's have the same, taken as UTC."""
    return stamp and stamp.replace(tzinfo=UTC)


def _task(store: Store, run_id: str) -> tuple[datetime | None, float | None]:
    """When a run predicted, and within which false-alarm budget, as its task recorded it; nothing where it did not."""
    try:
        record = TaskRecord.from_json(store.get(layout.stage_record(run_id, "predict")))
    except (ObjectNotFound, json.JSONDecodeError):
        return None, None
    budget = record.counts.get("false_alarm_budget")
    moment = datetime.fromtimestamp(int(record.started + record.seconds), UTC)
    return moment, float(budget) if isinstance(budget, int | float) else None


def _keys(ids: Sequence[str], documents: Documents, sensors: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """`_id` and content key of those documents that the database holds, a few at a time."""
    for found in batches_of(documents.read("prediction", ids), _READ_AT_ONCE):
        rows = [[document["readings"].get(sensor, np.nan) for sensor in sensors] for document in found]
        nothing = ("",) * len(found)
        readings = np.array(rows, dtype=np.float64).reshape(len(found), len(sensors))
        keys = content_keys(Wafers(nothing, nothing, nothing, tuple(sensors), readings))
        yield from zip((document["_id"] for document in found), map(bytes.fromhex, hex_of(keys)), strict=True)
