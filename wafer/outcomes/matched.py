"""`matched.parquet`: a row for each prediction whose outcome is known, and all of them that a store holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import structlog
from pyarrow import parquet

from wafer.built_in import BUILT_IN
from wafer.errors import NotPublished, ObjectNotFound
from wafer.outcomes.decided import people_alone, with_dispositions
from wafer.outcomes.dispositions import all_dispositions
from wafer.store import MARKER, Store, fetch_files, layout, read_marker
from wafer.wafers.identity import KEY

SCHEMA = pa.schema(
    [
        ("prediction", pa.string()),  # the run that predicted
        ("document", pa.string()),  # `_id` of the readings
        ("wafer", pa.string()),
        ("key", pa.binary(KEY.itemsize)),  # of the readings; null where the database does not hold them any more
        ("file", pa.string()),  # that the wafer was predicted from
        ("moment", pa.timestamp("ms", "UTC")),  # when that file was written, by its name; else when it was predicted
        ("model_version", pa.int64()),
        ("shadow", pa.bool_()),  # the version was not in production: it waited for a person
        ("verdict", pa.string()),
        ("probability", pa.float64()),
        ("threshold", pa.float64()),
        ("in_training", pa.bool_()),  # the model learned from these readings: no forecast
        ("budget", pa.float64()),  # false-alarm budget of the verdict; null for predictions that do not say it
        ("failed", pa.bool_()),
        ("received", pa.string()),  # when that was told: ISO 8601 in UTC
        ("contract", pa.string()),  # name of the contract, whose version judged
    ]
)


def runs_that_published(store: Store, pipeline: layout.Pipeline) -> list[str]:
    """Every run of a pipeline that published its folder, by name."""
    prefix = layout.PUBLISHED[pipeline]
    keys = (each.key.removeprefix(f"{prefix}/").split("/") for each in store.keys(prefix))
    return [parts[0] for parts in keys if parts[1:] == [MARKER]]


@dataclass(frozen=True, slots=True)
class Known:
    """Predictions and their outcomes, in `SCHEMA`, by run and wafer; each is in one of the tables.

    Whoever decides about wafers looks where the model points. So what people alone tell is about wafers chosen by
    their verdicts: it is learned from, and no rate of a model or a lot may count it.
    """

    matched: pa.Table  # a file of outcomes told of them; the last word of files and people
    reviewed: pa.Table  # people alone told of them

    @property
    def every(self) -> pa.Table:
        """Both."""
        return pa.concat_tables([self.matched, self.reviewed])


def known_predictions(store: Store, contract: str | None = BUILT_IN) -> Known:
    """Every prediction under a contract whose outcome is known, once, with the last word on it; None: under any.

    A word is a row of a file or the disposition that a person gave the wafer. Some 200 bytes a row in memory.
    """
    every = pa.concat_tables([SCHEMA.empty_table(), *_published(store)])
    people = all_dispositions(store)
    if contract is not None:
        every = every.filter(pc.equal(every["contract"], contract))
        people = [each for each in people if each.contract == contract]
    told = _last(every)
    return Known(with_dispositions(told, people), people_alone(told, people))


def all_matched(store: Store, contract: str | None = BUILT_IN) -> pa.Table:
    """Every prediction under a contract of which a file of outcomes told, with the last word on it."""
    return known_predictions(store, contract).matched


def _last(every: pa.Table) -> pa.Table:
    """Each prediction once, with the outcome received last."""
    same_one = ("prediction", "document", "shadow")
    by = [(name, "ascending") for name in ("prediction", "wafer", "document", "shadow")] + [("received", "descending")]
    rows = every.take(pc.sort_indices(every, by))
    last = np.ones(len(rows), bool)
    if len(rows):
        same = [pc.equal(rows[name][1:], rows[name][:-1]).to_numpy() for name in same_one]
        last[1:] = ~np.logical_and.reduce(same)
    return rows.filter(pa.array(last))


def _published(store: Store) -> Iterator[pa.Table]:
    with TemporaryDirectory(prefix="wafer-outcomes-") as folder:
        path = Path(folder) / layout.MATCHED
        for run_id in runs_that_published(store, "outcomes"):
            prefix = layout.published("outcomes", run_id)
            try:
                marker = read_marker(store, prefix)
                fetch_files(store, prefix, {layout.MATCHED: (path, marker.files[layout.MATCHED])})
            except (NotPublished, ObjectNotFound) as gone:
                if run_id in runs_that_published(store, "outcomes"):
                    raise
                structlog.get_logger().warning("outcomes.left_out", run_id=run_id, message=gone.message)
                continue  # removed since the runs were listed
            yield _completed(parquet.read_table(path))


def _completed(rows: pa.Table) -> pa.Table:
    """Rows in `SCHEMA`; older ones are of production alone, and older than contracts with a name."""
    if "shadow" not in rows.column_names:
        rows = rows.append_column("shadow", pa.array([False] * len(rows), pa.bool_()))
    if "contract" not in rows.column_names:
        rows = rows.append_column("contract", pa.array([BUILT_IN] * len(rows), pa.string()))
    return rows.select(SCHEMA.names)
