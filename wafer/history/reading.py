"""Reads the predictions of many runs, some rows at a time.

In memory are one row group (65,536 wafers) of one run, and 70 bytes for each wafer that was met, which tell whether a
newer run judged it too. On the disk lies one run's file at a time.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import structlog

from wafer.built_in import BUILT_IN
from wafer.errors import NotPublished
from wafer.history.outcomes import KnownOutcomes
from wafer.history.past import PastRun
from wafer.store import Store, fetch_files, layout, read_marker

COLUMNS = pa.schema(
    [
        ("wafer", pa.string()),
        ("file", pa.string()),
        ("verdict", pa.string()),
        ("probability", pa.float64()),
        ("threshold", pa.float64()),
        ("in_training", pa.bool_()),  # the model learned from these readings: no forecast
        ("model_version", pa.int64()),
        ("moment", pa.timestamp("ms", "UTC")),  # of the batch, by its name; else when it was predicted
        ("failed", pa.bool_()),  # the outcome; null where it is not known, or nobody asked
    ]
)
_MADE = frozenset({"moment", "failed"})  # not stored with the predictions
_STORED = tuple(name for name in COLUMNS.names if name not in _MADE)


@dataclass(frozen=True, slots=True)
class Part:
    """Some wafers of a run: `COLUMNS` and the columns that were asked for, null where the run has none of that name.

    `context` are the columns of this run that hold what the line knows of its wafers: lot, tool, carrier. `contract` is
    the name of its contract: another line's wafers may have the same names.
    """

    run: PastRun
    rows: pa.Table
    context: tuple[str, ...]
    contract: str = BUILT_IN


def read_history(
    store: Store,
    runs: Iterable[PastRun],
    columns: Sequence[str] = (),
    known: KnownOutcomes | None = None,
    *,
    latest: bool = True,
) -> Iterator[Part]:
    """Yield what these runs predicted, in their order; `columns` are further ones of `predictions.parquet`.

    `latest` gives each wafer once: by the first run that judged it, so by its latest answer if the newest run comes
    first. A wafer that one run judged twice is there with the more suspicious answer. Without `latest`, every answer.
    A run whose folder is gone or damaged is left out.
    """
    met: set[int] = set()
    with TemporaryDirectory(prefix="wafer-history-") as folder:
        for run in runs:
            try:
                for part in _of_run(store, run, columns, known, Path(folder)):
                    yield _unmet(part, met) if latest else part
            except NotPublished as gone:
                structlog.get_logger().warning("history.left_out", run_id=run.run_id, message=gone.message)


def context_columns(schema: pa.Schema) -> tuple[str, ...]:
    """Return the columns of a run's predictions that hold the wafers' context."""
    named: dict[str, str] = json.loads((schema.metadata or {}).get(layout.CONTEXT.encode(), b"{}"))
    return tuple(named.values())


def _of_run(
    store: Store, run: PastRun, columns: Sequence[str], known: KnownOutcomes | None, folder: Path
) -> Iterator[Part]:
    prefix = layout.published("predict", run.run_id)
    files = read_marker(store, prefix).files
    names = [layout.PREDICTIONS, *([layout.DOCUMENTS] if known and layout.DOCUMENTS in files else [])]
    paths = {name: folder / name for name in names}
    fetch_files(store, prefix, {name: (path, files[name]) for name, path in paths.items()})
    ids = pq.read_table(paths[layout.DOCUMENTS])["_id"] if layout.DOCUMENTS in paths else None
    start = 0
    with pq.ParquetFile(paths[layout.PREDICTIONS]) as file:
        schema = file.schema_arrow
        contract = (schema.metadata or {}).get(layout.CONTRACT.encode(), BUILT_IN.encode()).decode()
        wanted = [name for name in (*_STORED, *columns) if name in schema.names]
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group, wanted)
            failed = known.of(ids.slice(start, len(rows))) if known and ids is not None else None
            yield Part(run, _completed(rows, run, columns, failed), context_columns(schema), contract)
            start += len(rows)


def _completed(rows: pa.Table, run: PastRun, columns: Sequence[str], failed: pa.Array | None) -> pa.Table:
    """Rows in `COLUMNS` with the further ones; a run of an older release lacks some."""
    found = {name: rows[name] for name in rows.column_names}
    if "in_training" not in found:
        found["in_training"] = pa.repeat(pa.scalar(value=False), len(rows))
    moments = {file: run.moment(file) for file in pc.unique(rows["file"]).to_pylist()}
    found["moment"] = pa.array([moments[file] for file in rows["file"].to_pylist()], COLUMNS.field("moment").type)
    found["failed"] = pa.nulls(len(rows), pa.bool_()) if failed is None else failed
    told = {name: found[name].cast(COLUMNS.field(name).type) for name in COLUMNS.names}
    further = {name: found.get(name, pa.nulls(len(rows), pa.string())) for name in columns if name not in told}
    return pa.table(told | further)


def _unmet(part: Part, met: set[int]) -> Part:
    """The wafers that were not met before; from now on they are."""
    new = np.zeros(len(part.rows), bool)
    for place, wafer in enumerate(part.rows["wafer"].to_pylist()):
        name = hash((part.contract, wafer))  # 64 bits: two of a billion wafers share one with a chance of 3 %
        new[place] = name not in met
        met.add(name)
    return replace(part, rows=part.rows.filter(pa.array(new)))
