"""A wafer among those of its file, in the order of their numbers."""

from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from application.lists.selection import judged, places

AROUND = 6  # wafers on either side


class Neighbours(NamedTuple):
    """The wafers around one; `number` is its own place in the file, from 1."""

    number: int
    wafers: int
    to_review: int
    around: list[dict[str, Any]]


def batch_of(table: pa.Table, file: str) -> pa.Table:
    """The wafers of a file in the order of their numbers."""
    batch = table.select(["wafer", "verdict", "probability", "threshold", "file"]).filter(pc.equal(table["file"], file))
    return batch.take(pc.sort_indices(places(batch["wafer"])))


def neighbours(batch: pa.Table, wafer: str, threshold: float | None) -> Neighbours:
    """The wafers around one of a batch, and how many are to review; at another threshold if one is given."""
    at = pc.index(batch["wafer"], wafer).as_py()
    told = batch if threshold is None else judged(batch, threshold)
    first = max(0, at - AROUND)
    around = told.slice(first, at + AROUND + 1 - first).select(["wafer", "verdict", "probability"]).to_pylist()
    return Neighbours(at + 1, len(batch), pc.sum(pc.not_equal(told["verdict"], "pass")).as_py(), around)


def rank_of(ranked: pa.Table, wafer: str, file: str) -> int | None:
    """The rank of a wafer; None where it is not among those that are ranked."""
    here = pc.and_(pc.equal(ranked["wafer"], wafer), pc.equal(ranked["file"], file))
    place = pc.index(here, value=True).as_py()
    return None if place < 0 else int(ranked["rank"][place].as_py())
