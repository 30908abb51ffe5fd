"""When two wafers read the same: one definition, and what is known by it.

Readings are equal when models see them so: as float32, minus zero being zero and every missing reading the same one.
The field's files write one reading as 1.279 for training and as 1.2790000000000001 for prediction.

Three digests name wafers, each for a purpose of its own:

* `content_keys`, here: the readings alone, whatever the wafer is called. Published with every model, so that a wafer is
  known again years later under another name.
* `raw_data_validation_train.duplicates`: readings and label in 64 bits, compared only among the rows that one drop
  gives one wafer id. It rests on the same definition, is short because every row is kept in memory, and is forgotten
  with the run.
* the documents' `_id` (`data_transformation_train.stage`): one row of one file, by the file's sha256, the wafer, the
  sensors' names and every bit of the readings. The same wafer from another file is another document.
"""

import hashlib
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wafer.wafers.arrays import Features, Floats, Wafers, natural

Keys = npt.NDArray[np.bytes_]  # (rows,) of KEY
KEY = np.dtype("S32")
_FLOAT32_MAX = float(np.finfo(np.float32).max)


def as_models_see(readings: Floats) -> Features:
    """Return readings so that equal ones have equal bits, (rows, sensors) float32; out of range is the last value."""
    seen = np.ascontiguousarray(np.clip(readings, -_FLOAT32_MAX, _FLOAT32_MAX), dtype=np.float32)
    seen += np.float32(0.0)  # -0.0 becomes 0.0
    seen[np.isnan(seen)] = np.nan  # one bit pattern for every NaN
    return seen


def digests(seen: Features) -> Keys:
    """Return a digest of each row of `as_models_see`: sensors in natural order, one key for equal readings."""
    found = b"".join(hashlib.sha256(row).digest() for row in seen)
    return np.frombuffer(found, KEY)


def as_column(keys: Keys) -> pa.Array:
    """Return keys as a column of fixed-size binary."""
    data = pa.py_buffer(np.ascontiguousarray(keys))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(KEY.itemsize), len(keys), [None, data])


def hex_of(keys: Keys) -> list[str]:
    """Return keys as hex; one by one, numpy would cut off the zeros at a key's end."""
    text = np.ascontiguousarray(keys).tobytes().hex()
    digits = 2 * KEY.itemsize
    return [text[start : start + digits] for start in range(0, len(text), digits)]


def keys_of(column: pa.ChunkedArray) -> Keys:
    """Return the keys of a table's column of fixed-size binary."""
    return np.asarray(fixed(column, KEY))


def fixed(column: pa.ChunkedArray, kind: "np.dtype[Any]") -> "npt.NDArray[Any]":
    """Return what a column of fixed-size binary holds, flat."""
    whole = column.combine_chunks()
    width = whole.type.byte_width
    data = memoryview(whole.buffers()[1])[whole.offset * width : (whole.offset + len(whole)) * width]
    return np.frombuffer(data, kind)


def content_keys(wafers: Wafers) -> Keys:
    """Return a digest of each wafer's readings: equal readings, equal key, whatever the wafer is called."""
    return digests(as_models_see(wafers.columns(_in_natural_order(wafers.sensors))))


@lru_cache(maxsize=8)
def _in_natural_order(sensors: tuple[str, ...]) -> tuple[str, ...]:
    """A contract's sensors are sorted once: for one wafer it takes longer than the digest."""
    return tuple(sorted(sensors, key=natural))
