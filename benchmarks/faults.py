"""Ways in which a measurement breaks, made of wafers that were measured well."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wafer.wafers.arrays import Floats

_NORMAL = 1.349  # interquartile range of a normal distribution, in standard deviations


@dataclass(frozen=True, slots=True)
class Scale:
    """How the sensors of the training wafers read; (sensors,) each."""

    deviation: Floats
    usual: Floats  # deviation of the middle half, were it normal: less where there are spikes
    low: Floats
    high: Floats
    median: Floats

    @classmethod
    def of(cls, readings: Floats) -> "Scale":
        """Describe readings, (wafers, sensors); every sensor spoke at least once."""
        low, quarter, median, three, high = np.nanquantile(readings, [0.0, 0.25, 0.5, 0.75, 1.0], axis=0)
        return cls(np.nanstd(readings, axis=0), (three - quarter) / _NORMAL, low, high, median)


Fault = Callable[[Floats, Scale, np.random.Generator], Floats]


def shifted(count: int, deviations: float) -> Fault:
    """That many sensors of a wafer, drawn for each, are shifted by so many standard deviations."""
    return lambda readings, scale, rng: np.where(
        _drawn(readings, scale, count, rng), readings + deviations * scale.deviation, readings
    )


def outside(count: int, ranges: float) -> Fault:
    """That many sensors of a wafer read so many training ranges above the highest training reading."""
    return lambda readings, scale, rng: np.where(
        _drawn(readings, scale, count, rng), scale.high + ranges * (scale.high - scale.low), readings
    )


def _drawn(readings: Floats, scale: Scale, count: int, rng: np.random.Generator) -> np.ndarray:
    varying = np.flatnonzero(scale.high > scale.low)
    places = np.argsort(rng.random((len(readings), len(varying))), axis=1)[:, :count]
    drawn = np.zeros(readings.shape, dtype=bool)
    np.put_along_axis(drawn, varying[places], True, axis=1)
    return drawn


FAULTS: dict[str, Fault] = {
    "20 sensors +5 sd": shifted(20, 5),
    "20 sensors -5 sd": shifted(20, -5),
    "20 sensors +10 sd": shifted(20, 10),
    "all +2 sd": lambda readings, scale, _: readings + 2 * scale.deviation,
    "all +2 robust sd": lambda readings, scale, _: readings + 2 * scale.usual,
    "gain +5 %": lambda readings, _scale, _rng: readings * 1.05,
    "gain -5 %": lambda readings, _scale, _rng: readings * 0.95,
    "5 sensors 9 ranges out": outside(5, 9),
    "1 sensor 9 ranges out": outside(1, 9),
    "1 sensor 3 ranges out": outside(1, 3),
    "all at their median": lambda readings, scale, _: np.broadcast_to(scale.median, readings.shape),
}
