"""Drift lot by lot: which sensors read differently from training in the wafers of each lot of one prediction."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wafer.evaluation.drift import LEAST_WAFERS, MOVED, chance_of_size, deciles_of, stability
from wafer.evaluation.left_range import MOST_WAFERS, Ranges
from wafer.history.drift import Drifted
from wafer.history.lots import lot_names
from wafer.history.reading import Part
from wafer.model.statistics import SensorStatistics
from wafer.sensors.readings import Readings
from wafer.wafers.arrays import Floats, Ints

MOST_LOTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class LotDrift(Drifted):
    """The drift of one lot."""

    lot: str
    wafers: int


class _Lot:
    """Counts the readings of one lot, sensor by sensor."""

    def __init__(self, name: str, rows: Ints, statistics: SensorStatistics) -> None:
        self.name, self.rows, self.statistics = name, rows, statistics
        self.ranges = Ranges(statistics)
        self.moved: list[str] = []
        self.silent: list[str] = []

    def count(self, sensor: int, readings: Floats, *, used: bool) -> None:
        own, name = readings[self.rows], self.statistics.sensors[sensor]
        self.ranges.count_sensor(sensor, own)
        spoken = own[~np.isnan(own)]
        if used and not len(spoken) and self.statistics.missing[sensor] < 0.5:
            self.silent.append(name)
        if used and len(own) >= LEAST_WAFERS and self._moved(sensor, spoken, len(own)):
            self.moved.append(name)

    def _moved(self, sensor: int, spoken: Floats, wafers: int) -> bool:
        deciles, then = deciles_of(self.statistics, sensor)
        below = (spoken[:, None] <= deciles).sum(axis=0)
        return stability(below, len(spoken), deciles, then) > MOVED + chance_of_size(wafers)

    def drift(self) -> LotDrift:
        few = len(self.rows) <= MOST_WAFERS
        left = tuple(each.sensor for each in self.ranges.left()) if few else ()
        moved, silent = tuple(self.moved), tuple(self.silent)
        return LotDrift(lot=self.name, wafers=len(self.rows), moved=moved, left=left, silent=silent)


def drift_by_lot(
    readings: Readings, lots: pa.Array, statistics: SensorStatistics, used: Collection[str]
) -> tuple[LotDrift, ...]:
    """Return the drift of each lot, `lots` being that of each row, in the order of their first rows; some 200 at most.

    `used` are the sensors that the model uses: only these can move or fall silent. In memory is one sensor's column.
    """
    names = pc.unique(lots)[:MOST_LOTS]
    place = pc.fill_null(pc.index_in(lots, value_set=names), -1).to_numpy(zero_copy_only=False)
    groups = [_Lot(name, np.flatnonzero(place == at), statistics) for at, name in enumerate(names.to_pylist())]
    measured = {*readings.sensors}
    for at, sensor in enumerate(statistics.sensors):
        if sensor in measured:
            _count(groups, at, readings.column(sensor), used=sensor in used)
    return tuple(each.drift() for each in groups)


def lots_of_rows(who: pa.Table, parts: Iterable[Part], by: str) -> pa.Array:
    """Return which lot each row of the readings belongs to; `parts` are the predictions of the same run."""
    tables = [pa.table({"name": _names(part.rows), "lot": lot_names(part, by)}) for part in parts]
    told = pa.concat_tables(tables).combine_chunks()
    places = pc.index_in(_names(who), value_set=told["name"])
    return pa.array(pc.take(told["lot"], places).to_pylist(), pa.string())


def _names(rows: pa.Table) -> pa.Array:
    """A wafer and its file as one text."""
    return pc.binary_join_element_wise(rows["file"], rows["wafer"], "\0")


def _count(groups: Sequence[_Lot], sensor: int, values: Floats, *, used: bool) -> None:
    for group in groups:
        group.count(sensor, values, used=used)
