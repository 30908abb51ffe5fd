"""The readings that a prediction published, read column by column from wherever the store is."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from wafer.contract.file_name import FileName
from wafer.errors import ObjectNotFound
from wafer.store import Store, layout, read_marker
from wafer.wafers.arrays import Floats
from wafer.wafers.table import ORIGIN, WaferColumns

_IDENTITY = ORIGIN[:2]


class StoredFile:
    """An object of a store as a file that pyarrow reads: only what is read travels."""

    def __init__(self, store: Store, key: str, size: int) -> None:
        self._store, self._key, self._size = store, key, size
        self._at = 0
        self.closed = False

    def read(self, length: int = -1) -> bytes:
        """The next bytes, as far as the object goes."""
        left = max(self._size - self._at, 0)
        wanted = left if length < 0 else min(length, left)
        found = self._store.part(self._key, self._at, wanted) if wanted else b""
        self._at += len(found)
        return found

    def tell(self) -> int:
        """The place that is read next."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def close(self) -> None:
        """Be done with it."""
        self.closed = True


class Readings:
    """Readings of the wafers of one run, open for reading; rows are in the file's own order."""

    def __init__(self, file: parquet.ParquetFile) -> None:
        self._file = file
        schema = file.schema_arrow
        self._columns = WaferColumns.of(schema)
        self.sensors = self._columns.sensors
        names = (schema.metadata or {}).get(b"file_names", b"")
        self._form = FileName.from_json(names) if names else None

    @property
    def who(self) -> pa.Table:
        """`_id`, `file` and `wafer` of each row."""
        found = self._file.read(columns=[*_IDENTITY, self._columns.wafer])
        return found.select([*_IDENTITY, self._columns.wafer]).rename_columns([*_IDENTITY, "wafer"])

    def stamp(self, file: str) -> datetime | None:
        """When a batch was written, by its name; None where it does not say so."""
        return self._form.stamp(file) if self._form else None

    def column(self, sensor: str) -> Floats:
        """The readings of one sensor, (wafers,); NaN where it was silent. Raises `ObjectNotFound`."""
        if sensor not in self.sensors:
            raise ObjectNotFound(f"The wafers of this run have no sensor {sensor[:80]!r}.")
        column = self._file.read(columns=[sensor])[sensor]
        return np.asarray(column.to_numpy(), dtype=np.float64)


@contextmanager
def open_readings(store: Store, run_id: str) -> Iterator[Readings]:
    """Open the readings of a prediction; a part of a file cannot be checked by the sha256 of the whole.

    Raises `NotPublished`, `ObjectNotFound` for a run of a release that did not publish them.
    """
    folder = layout.published("predict", run_id)
    described = read_marker(store, folder).files.get(layout.READINGS)
    if described is None:
        raise ObjectNotFound(
            f"Run {run_id} is older than charts of sensors, and did not publish its readings by column. "
            "Predict its batches again."
        )
    source = pa.PythonFile(StoredFile(store, f"{folder}/{layout.READINGS}", described.bytes), mode="r")
    with parquet.ParquetFile(source) as file:
        yield Readings(file)
