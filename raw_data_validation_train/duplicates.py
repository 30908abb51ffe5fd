"""Wafers that are in a drop more than once, found from a few numbers a row, however many files there are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b, sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from raw_data_validation_train.rows import Rows
from wafer.files import complete_file
from wafer.wafers.arrays import Features
from wafer.wafers.identity import as_models_see

Words = NDArray[np.uint64]
_ROW = np.dtype([("ids", np.uint64, 2), ("values", np.uint64), ("lines", np.uint32)])
_ROWS_IN_CACHE = 64  # 590 readings are 0.3 MB


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """The good rows of one file, 28 bytes each: id hash (rows, 2), hash of readings and label, line number."""

    ids: Words
    values: Words
    lines: NDArray[np.uint32]

    def save(self, path: Path) -> None:
        """Write them into a file."""
        rows = np.empty(len(self.lines), _ROW)
        rows["ids"], rows["values"], rows["lines"] = self.ids, self.values, self.lines
        with complete_file(path, durable=False) as part, part.open("wb") as file:
            np.save(file, rows)

    @classmethod
    def load(cls, path: Path) -> "Fingerprints":
        """Read what `save` wrote."""
        rows = np.load(path, allow_pickle=False)
        return cls(rows["ids"], rows["values"], rows["lines"])

    @classmethod
    def joined(cls, parts: Sequence["Fingerprints"]) -> "Fingerprints":
        """The rows of several blocks or files, one after the other."""
        if not parts:
            return cls(np.empty((0, 2), np.uint64), np.empty(0, np.uint64), np.empty(0, np.uint32))
        return cls(
            np.concatenate([part.ids for part in parts]),
            np.concatenate([part.values for part in parts]),
            np.concatenate([part.lines for part in parts]),
        )


@dataclass(frozen=True, slots=True)
class Repeats:
    """Rows of one file to take out again, by place among its good rows, in order, and where else each wafer stands."""

    rows: NDArray[np.int64]
    conflicting: NDArray[np.bool_]
    other_file: NDArray[np.int64]
    other_line: NDArray[np.uint32]


def fingerprints(rows: Rows) -> Fingerprints:
    """What is remembered of a block's good rows."""
    hashes = b"".join(blake2b(wafer.encode(), digest_size=16).digest() for wafer in rows.ids)
    return Fingerprints(np.frombuffer(hashes, np.uint64).reshape(-1, 2), _value_hashes(rows), rows.lines)


def find_repeats(files: Sequence[Fingerprints], times: Sequence[int] | None = None) -> dict[int, Repeats]:
    """Rows to take out, by file: every row but the first where all are equal, every row where they are not.

    "First" goes by the order of `files`, then by line. With `times`, a number a file, the latest row stays where they
    are not equal: it is a second measurement.
    """
    every = Fingerprints.joined(files)
    sizes = [len(file.lines) for file in files]
    first_row = np.cumsum([0, *sizes])
    rows, conflicting, other = _repeated(every, None if times is None else np.repeat(times, sizes))
    other_file = np.searchsorted(first_row, other, side="right") - 1
    cuts = np.searchsorted(rows, first_row)
    return {
        file: Repeats(rows[mine] - first_row[file], conflicting[mine], other_file[mine], every.lines[other[mine]])
        for file in range(len(files))
        if (mine := slice(cuts[file], cuts[file + 1])).start < mine.stop
    }


def _repeated(
    every: Fingerprints, times: NDArray[np.int64] | None
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
    """Rows to take out in their order; whether the wafer's readings differ; another row of the same wafer."""
    n = len(every.lines)
    order = np.lexsort((np.arange(n), every.ids[:, 0], every.ids[:, 1]))
    ids, values = every.ids[order], every.values[order]
    begins = np.ones(n, dtype=bool)
    begins[1:] = (ids[1:] != ids[:-1]).any(axis=1)
    starts, wafer = np.flatnonzero(begins), np.cumsum(begins) - 1
    differs = np.zeros(len(starts), dtype=bool)
    np.logical_or.at(differs, wafer, values != values[starts][wafer])
    several = np.bincount(wafer, minlength=len(starts)) > 1
    if times is None:
        out = np.flatnonzero(several[wafer] & (differs[wafer] | ~begins))
        other = np.where(begins[out], out + 1, starts[wafer[out]])
        conflicting = differs[wafer[out]]
    else:
        kept = np.where(differs, _latest(wafer, times[order]), starts)[wafer]
        out = np.flatnonzero(kept != np.arange(n))
        other = kept[out]
        conflicting = values[out] != values[other]
    by_row = np.argsort(order[out])
    return order[out][by_row], conflicting[by_row], order[other][by_row]


def _latest(wafer: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of every wafer's latest row, the last of those of one time; rows stand by wafer."""
    by_time = np.lexsort((np.arange(len(wafer)), times, wafer))
    return by_time[np.flatnonzero(np.diff(wafer, append=-1))]


def _value_hashes(rows: Rows) -> Words:
    """64 bits a row over its readings and label."""
    return np.frombuffer(b"".join(sha256(row.data).digest()[:8] for row in _cells(rows)), np.uint64)


def _cells(rows: Rows) -> Iterator[Features]:
    """Readings and label of one row after the other, (sensors + 1,) float32."""
    for start in range(0, len(rows.readings), _ROWS_IN_CACHE):
        part = slice(start, start + _ROWS_IN_CACHE)
        cells = as_models_see(rows.readings[part])
        yield from cells if rows.labels is None else np.column_stack([cells, rows.labels[part].astype(np.float32)])
