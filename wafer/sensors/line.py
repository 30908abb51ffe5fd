"""The wafers of a run in the order in which the line made them, as far as names of files and wafers tell it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wafer.wafers.arrays import Ints

_DIGITS = re.compile(r"\d+")
_WIDTH = 12  # digits that a number in a wafer's name is padded to


@dataclass(frozen=True, slots=True)
class LineOrder:
    """Wafers by the time of their file, then by name with numbers as numbers. Arrays are in this order, (wafers,)."""

    order: Ints  # rows of the readings
    ids: pa.Array
    wafers: pa.Array
    verdicts: pa.Array
    learned: pa.Array  # whether the model had learned from the wafer
    ranks: Ints  # 1 = the most suspicious
    batch: Ints  # place of the wafer's file in `files`
    files: tuple[str, ...]
    moments: tuple[datetime | None, ...]  # of the files; None: the name does not say it

    def __len__(self) -> int:
        return len(self.order)


def line_order(
    who: pa.Table, predicted: pa.Table, ids: pa.ChunkedArray, stamp: Callable[[str], datetime | None]
) -> LineOrder:
    """Put the wafers in order; `who` are the rows of the readings, `predicted` and `ids` the predictions, by rank."""
    who = who.combine_chunks()
    files, moments = _by_time(pc.unique(who["file"]).to_pylist(), stamp)
    batch = pc.index_in(who["file"], value_set=pa.array(files, pa.string())).to_numpy().astype(np.int64)
    names = pa.array([_padded(name) for name in who["wafer"].to_pylist()], pa.string())
    keys = pa.table({"batch": batch, "name": names, "_id": who["_id"]})
    order = pc.sort_indices(keys, [(name, "ascending") for name in keys.column_names]).to_numpy().astype(np.int64)
    rows = who.take(pa.array(order)).combine_chunks()
    places = pc.index_in(rows["_id"], value_set=_whole(ids))
    return LineOrder(
        order,
        _whole(rows["_id"]),
        _whole(rows["wafer"]),
        _whole(pc.take(_whole(predicted["verdict"]), places)),
        _whole(pc.take(_learned(predicted), places)),
        _whole(places).to_numpy(zero_copy_only=False).astype(np.int64) + 1,
        batch[order],
        files,
        moments,
    )


def _learned(predicted: pa.Table) -> pa.Array:
    """Which wafers the model had learned from; a run of an older release does not tell."""
    known = "in_training" in predicted.column_names
    return _whole(predicted["in_training"]) if known else pa.repeat(pa.scalar(value=False), len(predicted))


def _by_time(
    files: list[str], stamp: Callable[[str], datetime | None]
) -> tuple[tuple[str, ...], tuple[datetime | None, ...]]:
    """Files by their stamps; those without one come last, by name."""
    stamps = {file: stamp(file) for file in files}
    ordered = sorted(files, key=lambda file: (stamps[file] is None, str(stamps[file]), file))
    return tuple(ordered), tuple(stamps[file] for file in ordered)


def _padded(name: str) -> str:
    return _DIGITS.sub(lambda found: found[0].zfill(_WIDTH), name)


def _whole(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
