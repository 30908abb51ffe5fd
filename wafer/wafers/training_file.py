"""`training.parquet`: what preprocessing hands on to every stage that learns, one row a wafer, exact copies once.

Columns: `_key` (digest of all readings, 32 bytes), `_id`, `_wafer`, `_file`, `_batch` (when the file was written, null
where its name does not say so), `_fold`, `_failed`, then the kept sensors as models see them: float32, null where the
sensor was silent. Rows are sorted by key. The file is written in row groups and can be read by row groups and blocks of
columns, so that no reader has to hold all of it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from wafer.evaluation.walk_forward import Stamps, Timeline
from wafer.wafers.arrays import Bools, Features, Floats, Ints, Wafers
from wafer.wafers.identity import KEY, Keys, keys_of
from wafer.wafers.table import OpenTable, columns_at_once, wafers_writer

_HEAD = {
    "_key": pa.binary(KEY.itemsize),
    "_id": pa.string(),
    "_wafer": pa.string(),
    "_file": pa.string(),
    "_batch": pa.timestamp("s"),
    "_fold": pa.int8(),
    "_failed": pa.bool_(),
}


@dataclass(frozen=True, slots=True)
class Part:
    """Some sensors of some consecutive wafers."""

    row: int  # of the first wafer
    readings: Features  # (wafers, sensors), NaN where the sensor was silent

    def __len__(self) -> int:
        return len(self.readings)


class TrainingFile(OpenTable):
    """A training file, open for reading a part at a time."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.sensors: tuple[str, ...] = tuple(self._file.schema_arrow.names[len(_HEAD) :])

    @property
    def failed(self) -> Bools:
        """Which wafers failed, (wafers,)."""
        return np.asarray(self.column("_failed").to_numpy(), dtype=bool)

    @property
    def fold(self) -> Ints:
        """The fold of each wafer, (wafers,)."""
        return np.asarray(self.column("_fold").to_numpy(), dtype=np.int64)

    @property
    def timeline(self) -> Timeline:
        """The wafers' files in the order of time."""
        files, wafers = (self.column(name).to_pylist() for name in ("_file", "_wafer"))
        return Timeline.of(self.batch, files, wafers)

    @property
    def batch(self) -> Stamps:
        """When each wafer's file was written, (wafers,); NaT where its name does not say so."""
        return np.asarray(self.column("_batch").to_numpy(), dtype="datetime64[s]")

    @property
    def keys(self) -> Keys:
        """Digest of all readings of each wafer, those of dropped sensors too, (wafers,)."""
        return keys_of(self.column("_key"))

    def column(self, name: str) -> pa.ChunkedArray:
        """Return one column besides the readings, of all wafers."""
        return self._file.read(columns=[name])[name]

    def heads(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Yield columns besides the readings, one row group after the other."""
        for group in range(self._file.num_row_groups):
            yield self._file.read_row_group(group, columns=list(names)).select(list(names))

    def parts(self, sensors: Sequence[str]) -> Iterator[Part]:
        """Yield the readings of these sensors, one row group after the other."""
        row = 0
        for group in range(self._file.num_row_groups):
            table = self._file.read_row_group(group, columns=list(sensors))
            readings = np.empty((len(table), len(sensors)), np.float32)
            for place, name in enumerate(sensors):
                readings[:, place] = table[name].to_numpy()
            yield Part(row, readings)
            row += len(table)

    def sample(self, count: int) -> Wafers:
        """Return about so many wafers, evenly spread, with the readings of every sensor."""
        step = max(1, self.wafers // count)
        texts = (self.column(name).take(pa.array(range(0, self.wafers, step))) for name in ("_id", "_wafer", "_file"))
        parts = [part.readings[-part.row % step :: step] for part in self.parts(self.sensors)]
        ids, names, files = (tuple(column.to_pylist()) for column in texts)
        return Wafers(ids, names, files, self.sensors, np.concatenate(parts).astype(np.float64), self.failed[::step])

    def columns(self, sensors: Sequence[str]) -> Iterator[Floats]:
        """Yield the readings of one sensor after the other, (wafers,); a bounded number is read at once."""
        length = columns_at_once(self.wafers)
        for start in range(0, len(sensors), length):
            yield from self.readings(sensors[start : start + length]).T

    def readings(self, sensors: Sequence[str]) -> Floats:
        """Return the readings of some sensors of all wafers, (wafers, sensors) in the order of columns in memory."""
        found = np.empty((self.wafers, len(sensors)), order="F")
        for part in self.parts(sensors):
            found[part.row : part.row + len(part.readings)] = part.readings
        return found


@contextmanager
def training_writer(path: Path, sensors: Sequence[str]) -> Iterator[Callable[[Sequence[Any], Features], None]]:
    """Yield what writes a row group: its columns of `HEAD` and its readings, (wafers, sensors)."""
    readings = [(name, pa.float32()) for name in sensors]
    schema = pa.schema([*_HEAD.items(), *readings], {"kind": "training"})
    with wafers_writer(path, schema) as writer:

        def write(head: Sequence[Any], readings: Features) -> None:
            columns = [pa.array(column, from_pandas=True) for column in readings.T]
            writer.write_table(pa.table([*head, *columns], schema=schema), row_group_size=len(readings))

        yield write
