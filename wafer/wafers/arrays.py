"""Wafers as arrays: who they are, what every sensor read and, in training, whether they failed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wafer.errors import ContractMismatch, SourceNotFound
from wafer.wafers.table import ORIGIN, WaferColumns, read_table

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Features = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

EXPORT_FILE = "wafers.parquet"


@dataclass(frozen=True, slots=True)
class Wafers:
    """One row a wafer; nothing but `readings` and `failed` ever reaches a model."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    files: tuple[str, ...]
    sensors: tuple[str, ...]
    readings: Floats  # (wafers, sensors), NaN where the sensor was silent
    failed: Bools | None = None  # (wafers,), None where nobody knows yet
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # what else the line knows of them

    def __len__(self) -> int:
        return len(self.names)

    @property
    def known_failed(self) -> Bools:
        """Which wafers are known to have failed, (wafers,)."""
        return np.zeros(len(self), bool) if self.failed is None else self.failed

    def rows(self, index: Ints | Bools) -> "Wafers":
        """Return the wafers at these positions, in this order."""
        positions = np.arange(len(self))[index]
        return replace(
            self,
            ids=tuple(self.ids[i] for i in positions),
            names=tuple(self.names[i] for i in positions),
            files=tuple(self.files[i] for i in positions),
            readings=self.readings[positions],
            failed=None if self.failed is None else self.failed[positions],
            context={name: tuple(texts[i] for i in positions) for name, texts in self.context.items()},
        )

    def columns(self, sensors: Sequence[str]) -> Floats:
        """Return the readings of these sensors, (wafers, len(sensors)); the order they were measured in never matters.

        Raises ContractMismatch when one of them was not measured at all.
        """
        return np.ascontiguousarray(self.readings[:, _places(self.sensors, tuple(sensors))])


@lru_cache(maxsize=64)
def _places(measured: tuple[str, ...], wanted: tuple[str, ...]) -> Ints:
    """Where the wanted sensors stand; kept, as for one wafer the search takes longer than the answer."""
    place = {name: i for i, name in enumerate(measured)}
    absent = [name for name in wanted if name not in place]
    if absent:
        raise ContractMismatch(
            f"The wafers lack {len(absent)} sensor column(s) the model was trained on, for example {absent[0]!r}. "
            "Predict with the contract the model was trained under."
        )
    return np.array([place[name] for name in wanted], dtype=np.int64)


def read_wafers(export: Path) -> Wafers:
    """Read the wafers of an export directory. Raises SourceNotFound."""
    path = export / EXPORT_FILE
    if not path.is_file():
        raise SourceNotFound(f"{export} holds no {EXPORT_FILE}; give the export directory of the load stage.")
    table = read_table(path)
    columns = WaferColumns.of(table.schema)
    return wafers_from_table(table, sensors=columns.sensors, wafer=columns.wafer, label=columns.label)


def wafers_from_table(
    table: pa.Table,
    *,
    sensors: Sequence[str],
    wafer: str = "Wafer",
    label: str | None = None,
    context: Sequence[str] = (),
) -> Wafers:
    """Build wafers from named columns of a table; origin columns that are absent are left empty."""
    texts = {name: _texts(table, name) for name in (*ORIGIN, wafer)}
    return Wafers(
        ids=texts["_id"],
        names=texts[wafer],
        files=texts["file"],
        sensors=tuple(sensors),
        readings=readings_of(table, sensors),
        failed=None if label is None else table[label].to_numpy(zero_copy_only=False).astype(np.int64) > 0,
        context={name: _texts(table, name) for name in context},
    )


def readings_of(table: pa.Table, sensors: Sequence[str]) -> Floats:
    """Return the readings of these columns, (rows, sensors), NaN where there is none."""
    readings = np.empty((len(table), len(sensors)))
    for place, name in enumerate(sensors):
        readings[:, place] = table[name].cast(pa.float64()).to_numpy(zero_copy_only=False)
    return readings


def wafers_from_frame(
    frame: "pd.DataFrame", *, sensors: Sequence[str], wafer: str = "Wafer", label: str | None = None
) -> Wafers:
    """Build wafers from a pandas frame, as MLflow hands it to a loaded model."""
    absent = [name for name in sensors if name not in frame.columns]
    if absent:
        raise ContractMismatch(f"The frame lacks {len(absent)} sensor column(s), for example {absent[0]!r}.")
    wanted = [name for name in (*ORIGIN, wafer, *sensors, label) if name in frame.columns]
    table = pa.Table.from_pandas(frame[wanted], preserve_index=False)
    return wafers_from_table(table, sensors=sensors, wafer=wafer, label=label)


def _texts(table: pa.Table, name: str) -> tuple[str, ...]:
    if name not in table.column_names:
        return ("",) * len(table)
    return tuple(table[name].cast(pa.string()).fill_null("").to_pylist())


def natural(name: str) -> list[tuple[int, str]]:
    """Sort key that puts `Sensor - 2` before `Sensor - 10`."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
