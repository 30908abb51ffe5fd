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
from dataclasses import replace

import numpy as np

from wafer.wafers.arrays import Features, Floats, Wafers, natural

_FLOAT32_MAX = float(np.finfo(np.float32).max)


def as_models_see(readings: Floats) -> Features:
    """Return readings so that equal ones have equal bits, (rows, sensors) float32; out of range is the last value."""
    seen = np.ascontiguousarray(np.clip(readings, -_FLOAT32_MAX, _FLOAT32_MAX), dtype=np.float32)
    seen += np.float32(0.0)  # -0.0 becomes 0.0
    seen[np.isnan(seen)] = np.nan  # one bit pattern for every NaN
    return seen


def content_keys(wafers: Wafers) -> list[str]:
    """Return a digest of each wafer's readings: equal readings, equal key, whatever the wafer is called."""
    return [hashlib.sha256(row.tobytes()).hexdigest() for row in as_models_see(wafers.readings)]


def distinct(wafers: Wafers) -> tuple[Wafers, tuple[str, ...]]:
    """Return the wafers in an order that only their readings decide, exact copies counted once, and their keys.

    Columns come in natural order. A model then depends neither on wafer numbers, nor on the order of rows and
    columns, nor on a batch dropped twice. The same readings with another outcome are no copy.
    """
    sensors = tuple(sorted(wafers.sensors, key=natural))
    ordered = replace(wafers, sensors=sensors, readings=wafers.columns(sensors))
    keys = content_keys(ordered)
    failed = wafers.known_failed
    with_outcome = [f"{key}{int(each)}" for key, each in zip(keys, failed, strict=True)]
    _, first = np.unique(np.array(with_outcome), return_index=True)
    return ordered.rows(first.astype(np.int64)), tuple(keys[row] for row in first)
