"""Sensors whose readings left their range, in a batch too small for an index of its distribution: an exact test.

If nothing changed, readings of the batch and of training come in any order alike. So of n new readings, how many lie
beyond the r-th of N training readings has a beta-binomial distribution, whatever the sensor's own distribution is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, lgamma
from typing import Literal

import numpy as np

from wafer.model.statistics import LEVELS, SensorStatistics
from wafer.wafers.arrays import Bools, Floats, Ints

MOST_WAFERS = 200  # above, the index tells of drift, and any small change would be certain
CHANCE = 0.01  # that a batch without any change names a sensor, all its sensors together
Side = Literal["above", "below"]
_LEVELS = (0.0, 0.05, 0.95, 1.0)
_PLACES = [LEVELS.index(level) for level in _LEVELS]
_TESTS = len(_LEVELS)


@dataclass(frozen=True, slots=True)
class LeftRange:
    """A sensor with too many readings on one side of a training reading: `outside` of `readings` lie beyond `limit`.

    `usual` says whether the limit is that of the usual range, and not of all training readings; `chance` is how often
    an unchanged sensor shows as many.
    """

    sensor: str
    outside: int
    readings: int
    side: Side
    limit: float
    usual: bool
    chance: float

    def text(self) -> str:
        """The finding in a few words."""
        what = "of its usual range" if self.usual else "of all training readings"
        return f"{self.sensor}: {self.outside} of {self.readings} readings {self.side} {self.limit:.6g}, the end {what}"


class Ranges:
    """Counts the readings beyond four training readings of every sensor: both ends, and those of the usual range."""

    def __init__(self, statistics: SensorStatistics) -> None:
        self._statistics = statistics
        self._limits = statistics.quantiles[:, _PLACES]
        self._outside = np.zeros(self._limits.shape, dtype=np.int64)
        self._spoken = np.zeros(len(statistics.sensors), dtype=np.int64)

    def count(self, readings: Floats) -> None:
        """Add wafers; `readings` is (wafers, sensors of the statistics)."""
        self._spoken += (~np.isnan(readings)).sum(axis=0)
        for place, limits in enumerate(self._limits.T):
            self._outside[:, place] += _is_beyond(readings, limits, place).sum(axis=0)

    def count_sensor(self, sensor: int, readings: Floats) -> None:
        """Add wafers by what one sensor read, (wafers,); `sensor` is its place in the statistics."""
        self._spoken[sensor] += (~np.isnan(readings)).sum()
        for place, limit in enumerate(self._limits[sensor]):
            self._outside[sensor, place] += _is_beyond(readings, limit, place).sum()

    def counts(self) -> dict[str, Ints]:
        """What was counted, to be added elsewhere."""
        return {"outside": self._outside, "spoken": self._spoken}

    def add(self, counts: Mapping[str, Ints]) -> None:
        """Add what was counted of other wafers."""
        self._outside += counts["outside"]
        self._spoken += counts["spoken"]

    def left(self) -> tuple[LeftRange, ...]:
        """The sensors that left their range, the least likely first."""
        sensors = np.flatnonzero(self._known() & (self._spoken > 0))
        found = [self._least_likely(int(sensor)) for sensor in sensors]
        bound = CHANCE / max(_TESTS * len(sensors), 1)
        return tuple(
            sorted((each for each in found if each.chance < bound), key=lambda each: (each.chance, each.sensor))
        )

    def _known(self) -> Bools:
        return np.asarray(~np.isnan(self._limits).any(axis=1))

    def _least_likely(self, sensor: int) -> LeftRange:
        return min((self._tested(sensor, place) for place in range(_TESTS)), key=lambda each: each.chance)

    def _tested(self, sensor: int, place: int) -> LeftRange:
        outside, readings = int(self._outside[sensor, place]), int(self._spoken[sensor])
        then = self._statistics
        passing = then.wafers - then.failures
        trained = max(round(passing * (1 - float(then.missing[sensor]))), 1)
        side: Side = "below" if _LEVELS[place] < 0.5 else "above"
        share = float(then.below[sensor, _PLACES[place]])
        beyond = _beyond(side, _LEVELS[place], share, trained)
        return LeftRange(
            then.sensors[sensor],
            outside,
            readings,
            side,
            float(self._limits[sensor, place]),
            _LEVELS[place] not in (0.0, 1.0),
            chance_of(outside, readings, beyond, trained),
        )


def _is_beyond(readings: Floats, limits: Floats | float, place: int) -> Bools:
    return np.asarray(readings < limits if _LEVELS[place] < 0.5 else readings > limits)


def _beyond(side: Side, level: float, at_or_below: float, trained: int) -> int:
    """How many training readings lie beyond a limit, or on it: more than lie beyond makes the test careful."""
    if level in (0.0, 1.0):
        return 0
    return min(round(at_or_below * trained) if side == "below" else trained - round(at_or_below * trained), trained)


def chance_of(outside: int, readings: int, beyond: int, trained: int) -> float:
    """The probability that `outside` or more of `readings` lie beyond a reading that `beyond` of `trained` lie beyond.

    The tail of a beta-binomial distribution: the share beyond the limit is Beta(beyond + 1, trained - beyond).
    """
    if outside == 0:
        return 1.0
    a, b = beyond + 1, max(trained - beyond, 1)
    ways = lgamma(readings + 1) - lgamma(outside + 1) - lgamma(readings - outside + 1)
    probability = exp(ways + _log_beta(outside + a, readings - outside + b) - _log_beta(a, b))
    tail = probability
    for count in range(outside, readings):  # each probability from the one before it
        probability *= (readings - count) / (count + 1) * (count + a) / (readings - count - 1 + b)
        tail += probability
    return min(1.0, tail)


def _log_beta(a: int, b: int) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
