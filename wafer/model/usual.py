"""What is usual among the training wafers: how far each sensor reads, and how the sensors read together."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from wafer.wafers.arrays import Features, Floats

_ROUNDING = 1e-6  # of a reading: what writing it down and reading it again may change
_LEAST_FREEDOM = 0.01  # of a sensor that follows from the others; keeps rounding small
_LEAST_RANGE = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)  # no slots: what is found once is kept
class Spans:
    """The lowest and highest training reading of each sensor; NaN where too few are known to say."""

    sensors: tuple[str, ...]
    lows: Floats  # (sensors,)
    highs: Floats

    def excess(self, readings: Floats) -> Floats:
        """Return how many training ranges each reading lies outside, (wafers, sensors).

        More than any number of ranges where a constant sensor reads otherwise.
        """
        outside = np.maximum(readings - self.highs, self.lows - readings)
        with np.errstate(over="ignore"):
            return np.where(outside > self._rounding, outside / self._ranges, 0.0)

    @cached_property
    def _rounding(self) -> Floats:
        return np.asarray(_ROUNDING * np.maximum(np.abs(self.lows), np.abs(self.highs)))

    @cached_property
    def _ranges(self) -> Floats:
        return np.maximum(self.highs - self.lows, _LEAST_RANGE)


@dataclass(frozen=True)  # no slots: what is found once is kept
class Pattern:
    """How the sensors read together: what each one should read, given the others, by a ridge on principal components.

    One product a wafer, so that its last bit does not depend on the other wafers; in single precision, since products
    written out, as the clusters' few components are, take many times as long.
    """

    sensors: tuple[str, ...]
    medians: Floats  # (sensors,)
    scales: Floats  # (sensors,), above 0
    means: Features  # (sensors,) of the clipped z
    components: Features  # (components, sensors), each shrunk by the square root of its share of signal
    clip: float

    @classmethod
    def none(cls) -> "Pattern":
        """No sensors, so nothing that could be odd."""
        nothing, single = np.empty(0), np.empty((0, 0), np.float32)
        return cls((), nothing, nothing, single.ravel(), single, 0.0)

    def oddness(self, readings: Floats) -> Floats:
        """Return how far the wafers' sensors are from what the others say, root mean square, (wafers,)."""
        return (
            np.sqrt((self._apart(readings) ** 2).mean(axis=1, dtype=np.float64))
            if self.sensors
            else np.zeros(len(readings))
        )

    def oddest(self, readings: Floats) -> list[str]:
        """Return the sensors of one wafer, (1, sensors), furthest from what the others say first."""
        return [self.sensors[place] for place in np.argsort(-np.abs(self._apart(readings)[0]), kind="stable")]

    def _apart(self, readings: Floats) -> Features:
        """Return each sensor's residual given the others in its own deviations, but for a factor that all share."""
        centred = (clipped(readings, self.medians, self.scales, self.clip) - self.means)[:, None, :]
        told = np.matmul(np.matmul(centred, self.components.T), self.components)
        return np.asarray((centred - told)[:, 0, :] / self._freedom)

    @cached_property
    def _freedom(self) -> Features:
        leverage = (self.components**2).sum(axis=0)
        return np.asarray(np.sqrt(np.maximum(1 - leverage, _LEAST_FREEDOM)))


def clipped(readings: Floats, medians: Floats, scales: Floats, clip: float) -> Features:
    """Return robust z, clipped; a silent sensor reads as its median."""
    return np.nan_to_num(np.clip((readings - medians) / scales, -clip, clip)).astype(np.float32)
