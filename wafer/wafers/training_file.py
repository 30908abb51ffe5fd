"""`training.parquet`: what preprocessing hands on to every stage that learns, one row a wafer, exact copies once.

Columns: `_key` (digest of all readings, 32 bytes), `_id`, `_wafer`, `_file`, `_fold`, `_failed`, then the kept sensors
as models see them: float32, null where the sensor was silent. Rows are sorted by key. The file is written in row groups
and can be read by row groups and blocks of columns, so that no reader has to hold all of it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from wafer.wafers.arrays import Bools, Features, Floats, Ints, Wafers
from wafer.wafers.identity import KEY
from wafer.wafers.table import wafers_writer

COLUMNS_AT_ONCE = 64
_HEAD = {
    "_key": pa.binary(KEY.itemsize),
    "_id": pa.string(),
    "_wafer": pa.string(),
    "_file": pa.string(),
    "_fold": pa.int8(),
    "_failed": pa.bool_(),
}


@dataclass(frozen=True, slots=True)
class TrainingWafers:
    """The wafers that a run learns from; readings of the kept sensors, as models see them."""

    wafers: Wafers
    keys: tuple[str, ...]  # digest of all readings of each wafer, those of dropped sensors too
    fold: Ints  # (wafers,)

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def failed(self) -> Bools:
        """Which wafers failed, (wafers,)."""
        return self.wafers.known_failed

    def rows(self, index: Ints | Bools) -> "TrainingWafers":
        """Return the wafers at these positions, in this order."""
        positions = np.arange(len(self))[index]
        return TrainingWafers(
            self.wafers.rows(positions), tuple(self.keys[row] for row in positions), self.fold[positions]
        )


@dataclass(frozen=True, slots=True)
class Block:
    """Some sensors of some consecutive wafers."""

    row: int  # of the first wafer
    column: int  # of the first sensor
    readings: Features  # (wafers, sensors), NaN where the sensor was silent


class TrainingFile:
    """A training file, open for reading block by block."""

    def __init__(self, path: Path) -> None:
        self._file = parquet.ParquetFile(path)
        self.sensors: tuple[str, ...] = tuple(self._file.schema_arrow.names[len(_HEAD) :])
        self.wafers: int = self._file.metadata.num_rows

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def head(self) -> pa.Table:
        """Return everything but the readings."""
        return self._file.read(columns=list(_HEAD)).select(list(_HEAD))

    def blocks(self, columns_at_once: int = COLUMNS_AT_ONCE) -> Iterator[Block]:
        """Yield the readings, one row group after the other and in each one block of columns after the other."""
        row = 0
        for group in range(self._file.num_row_groups):
            for column in range(0, len(self.sensors), columns_at_once):
                readings = self._read(group, self.sensors[column : column + columns_at_once])
                yield Block(row, column, readings)
            row += self._file.metadata.row_group(group).num_rows

    def _read(self, group: int, sensors: Sequence[str]) -> Features:
        table = self._file.read_row_group(group, columns=list(sensors))
        return np.column_stack([table[name].to_numpy() for name in sensors])


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


def read_training(path: Path) -> TrainingWafers:
    """Read the whole file."""
    with TrainingFile(path) as file:
        head = file.head()
        readings: Floats = np.empty((file.wafers, len(file.sensors)))
        for block in file.blocks():
            rows, columns = block.readings.shape
            readings[block.row : block.row + rows, block.column : block.column + columns] = block.readings
        keys = tuple(key.hex() for key in head["_key"].to_pylist())
        ids, names, files = (tuple(head[name].to_pylist()) for name in ("_id", "_wafer", "_file"))
        failed = head["_failed"].to_numpy(zero_copy_only=False).astype(bool)
        wafers = Wafers(ids, names, files, file.sensors, readings, failed)
        return TrainingWafers(wafers, keys, head["_fold"].to_numpy().astype(np.int64))
