"""The p-chart: which of some counted shares differ from their common rate by more than chance (Shewhart 1931).

The limits are those of the binomial distribution itself, for each point by its own size. The usual ones, three standard
errors of a normal distribution on either side, call ten times as many lots of 25 wafers an excursion as they promise
where 2 % are flagged.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from wafer.evaluation.intervals import binomial
from wafer.evaluation.signals import Signal

BEYOND = 0.00135  # chance beyond three standard errors on one side of a normal distribution
IN_A_ROW = 8  # points on one side of the centre line, the fourth rule of Western Electric (1956)


class Counted(NamedTuple):
    """So many of so many."""

    found: int
    of: int


@dataclass(frozen=True, slots=True)
class Point:
    """A share, between which limits chance keeps it, and the signals about it; nothing where nothing was counted."""

    rate: float | None
    low: float
    high: float
    signals: tuple[Signal, ...] = ()


@dataclass(frozen=True, slots=True)
class ControlChart:
    """Points in the order of time; the centre line is their pooled rate, None where nothing was counted at all."""

    centre: float | None
    points: tuple[Point, ...]


def p_chart(counted: Sequence[Counted]) -> ControlChart:
    """Draw the chart of some shares, given in the order of time."""
    of = sum(each.of for each in counted)
    if not of:
        return ControlChart(None, tuple(Point(None, 0.0, 1.0) for _ in counted))
    centre = sum(each.found for each in counted) / of
    runs = _runs_above(counted, centre)
    return ControlChart(centre, tuple(_point(each, centre, run) for each, run in zip(counted, runs, strict=True)))


def _point(counted: Counted, centre: float, run: int) -> Point:
    if not counted.of:
        return Point(None, 0.0, 1.0)
    least, most = limits(counted.of, centre)
    signals: list[Signal] = []
    if counted.found > most:
        signals.append("above")
    if counted.found < least:
        signals.append("below")
    if run >= IN_A_ROW:
        signals.append("run above")
    return Point(counted.found / counted.of, least / counted.of, most / counted.of, tuple(signals))


@lru_cache(maxsize=4096)
def limits(of: int, rate: float) -> tuple[int, int]:
    """Return the least and the most of so many that chance leaves unsuspected at a rate."""
    if rate in (0.0, 1.0):
        return round(of * rate), round(of * rate)
    upto = np.cumsum(binomial(of, rate))
    least = int(np.searchsorted(upto, BEYOND, "right"))
    most = int(np.searchsorted(upto, 1.0 - BEYOND, "left"))
    return least, min(most, of)


def _runs_above(counted: Sequence[Counted], centre: float) -> Iterator[int]:
    """Yield how many points in a row, up to each one, lie above the centre; empty ones neither add nor end."""
    run = 0
    for each in counted:
        if each.of:
            run = run + 1 if each.found / each.of > centre else 0
        yield run
