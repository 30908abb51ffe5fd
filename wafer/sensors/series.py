"""One sensor over the wafers of a run: its readings thinned for a picture, batch by batch, and as distributions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

from wafer.model.statistics import LEVELS
from wafer.sensors.line import LineOrder
from wafer.wafers.arrays import Bools, Floats, Ints

MOST_BATCHES = 200  # that are told apart; of more, neighbours are put together
LEAST_READINGS = 10  # of a batch, before its median says that the sensor has shifted
LEAST_KNOWN = 5  # wafers of an outcome, before their distribution says anything
MIDDLE = (0.1, 0.9)  # levels of the passing training wafers that the median of an unmoved batch lies between
_KEPT = 3  # readings of a stretch of wafers that stay


@dataclass(frozen=True, slots=True)
class Distribution:
    """Readings of some wafers at `LEVELS`."""

    wafers: int  # with a reading
    quantiles: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """How the passing training wafers read the sensor, at `LEVELS`; NaN where it never spoke."""

    quantiles: Sequence[float]

    def shifted(self, median: float, readings: int) -> bool:
        """Whether the median of so many readings lies outside the middle 80 % of the passing training wafers."""
        low, high = (self.quantiles[LEVELS.index(level)] for level in MIDDLE)
        return readings >= LEAST_READINGS and not low <= median <= high and not np.isnan(low)


@dataclass(frozen=True, slots=True)
class BatchReadings:
    """Consecutive wafers of one file, or of some; `first` is the place of the first in the order of the line."""

    file: str
    files: int
    moment: datetime | None
    first: int
    wafers: int
    silent: int
    median: float | None
    shifted: bool


@dataclass(frozen=True, slots=True)
class Series:
    """One sensor over a run. `shown` are places in the order of the line, every one if `stretch` is 1."""

    wafers: int
    silent: int
    shown: Ints
    values: Floats  # (wafers,) in the order of the line, NaN where the sensor was silent
    stretch: int  # consecutive readings of which the lowest, the highest and the most suspicious wafer are shown
    batches: tuple[BatchReadings, ...]
    now: Distribution | None
    passed: Distribution | None  # wafers of the run that are known to have passed
    failed: Distribution | None


def series_of(line: LineOrder, values: Floats, reference: Reference, failed: pa.Array, *, most: int) -> Series:
    """Describe a sensor; `values` and `failed` (null: not known) are in the order of the line."""
    shown, stretch = _thinned(values, line.ranks, most)
    known = np.asarray(failed.is_valid())
    bad = np.asarray(failed.fill_null(False))
    return Series(
        wafers=len(line),
        silent=int(np.isnan(values).sum()),
        shown=shown,
        values=values,
        stretch=stretch,
        batches=_batches(line, values, reference),
        now=_distribution(values, np.ones(len(values), bool), 1),
        passed=_distribution(values, known & ~bad, LEAST_KNOWN),
        failed=_distribution(values, known & bad, LEAST_KNOWN),
    )


def _thinned(values: Floats, ranks: Ints, most: int) -> tuple[Ints, int]:
    """Places of the readings to show, and how long the stretches are of which only three are left."""
    spoken = np.flatnonzero(~np.isnan(values))
    if len(spoken) <= most:
        return spoken, 1
    stretch = -(-len(spoken) // (most // _KEPT))
    parts = [spoken[start : start + stretch] for start in range(0, len(spoken), stretch)]
    kept = [(part[values[part].argmin()], part[values[part].argmax()], part[ranks[part].argmin()]) for part in parts]
    return np.unique(np.array(kept, dtype=np.int64)), stretch


def _batches(line: LineOrder, values: Floats, reference: Reference) -> tuple[BatchReadings, ...]:
    together = -(-len(line.files) // MOST_BATCHES) or 1
    starts = np.searchsorted(line.batch, np.arange(0, len(line.files), together))
    ends = [*starts[1:].tolist(), len(line)]
    return tuple(
        _batch(line, values[first:end], reference, first, number * together, together)
        for number, (first, end) in enumerate(zip(starts.tolist(), ends, strict=True))
    )


def _batch(
    line: LineOrder, values: Floats, reference: Reference, first: int, file: int, together: int
) -> BatchReadings:
    spoken = values[~np.isnan(values)]
    median = float(np.median(spoken)) if len(spoken) else None
    return BatchReadings(
        file=line.files[file],
        files=min(together, len(line.files) - file),
        moment=line.moments[file],
        first=first,
        wafers=len(values),
        silent=len(values) - len(spoken),
        median=median,
        shifted=median is not None and reference.shifted(median, len(spoken)),
    )


def _distribution(values: Floats, chosen: Bools, least: int) -> Distribution | None:
    spoken = values[chosen & ~np.isnan(values)]
    if len(spoken) < least:
        return None
    return Distribution(len(spoken), tuple(np.quantile(spoken, LEVELS).tolist()))
