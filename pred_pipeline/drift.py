"""How far a batch has moved away from the wafers the model was trained on, sensor by sensor."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from wafer.model import ModelBundle, Wafers
from wafer.model.statistics import LEVELS
from wafer.wafers.arrays import Floats

LEAST_WAFERS = 50  # below this the index says more about the sample than about the line
MOVED = 0.25  # population stability index; the usual reading: below .1 stable, above .25 moved
SHARE_MOVED = 0.10  # of the sensors in use
SHARE_UNLIKE = 0.05  # of the wafers
_DECILES = tuple(round(level / 10, 1) for level in range(1, 10))
_LEAST_SHARE = 1e-4


@dataclass(frozen=True, slots=True)
class SensorDrift:
    """One sensor the model uses: its population stability index, and how often it was silent then and now."""

    sensor: str
    stability: float
    silent_in_training: float
    silent_now: float


@dataclass(frozen=True, slots=True)
class Drift:
    """What a batch as a whole says about the line; no single wafer's verdict depends on it."""

    wafers: int
    sensors: tuple[SensorDrift, ...]  # the most moved first; empty for a batch too small to say
    newly_silent: tuple[str, ...]
    unlike: float  # share of wafers that are unlike every training wafer

    @property
    def moved(self) -> tuple[SensorDrift, ...]:
        """Sensors beyond the usual bound, by more than the chance of a sample this size."""
        chance = 2 * len(_DECILES) / max(self.wafers, 1)  # twice what an unmoved sensor shows on average
        return tuple(each for each in self.sensors if each.stability > MOVED + chance)

    def warnings(self) -> list[str]:
        """What to watch, and what to do about it; empty while the line reads as it did in training."""
        sentences = []
        if self.sensors and len(self.moved) > SHARE_MOVED * len(self.sensors):
            sentences.append(
                f"{len(self.moved)} of {len(self.sensors)} sensors in use have moved away from the training wafers. "
                "Look for a change of tool, recipe or calibration; then train again on labelled batches from after it."
            )
        if self.newly_silent:
            named = ", ".join(self.newly_silent[:5]) + (" …" if len(self.newly_silent) > 5 else "")
            sentences.append(
                f"{len(self.newly_silent)} sensors that the model relies on are silent in this batch ({named}). "
                "Check that their tools report. Until they do, the model uses each one's training median."
            )
        if self.unlike > SHARE_UNLIKE:
            sentences.append(
                f"{self.unlike:.0%} of the wafers are unlike every training wafer. Inspect them, and train again with "
                "wafers like these once their outcome is known."
            )
        return sentences

    def to_json(self) -> dict[str, Any]:
        """The figures by name."""
        return {
            "wafers": self.wafers,
            "unlike": self.unlike,
            "newly_silent": list(self.newly_silent),
            "moved": [each.sensor for each in self.moved],
            "warnings": self.warnings(),
            "sensors": {each.sensor: round(each.stability, 4) for each in self.sensors},
        }


def measure_drift(wafers: Wafers, bundle: ModelBundle, unlike: int) -> Drift:
    """Compare a batch with the passing training wafers; `unlike` is how many wafers are to be inspected."""
    statistics, used = bundle.statistics, bundle.preprocessor.sensors
    place = {sensor: row for row, sensor in enumerate(statistics.sensors)}
    readings = wafers.columns(used)
    silent = np.isnan(readings).mean(axis=0) if len(wafers) else np.zeros(len(used))
    missing = [float(statistics.missing[place[sensor]]) for sensor in used]
    found = [
        SensorDrift(
            sensor,
            stability(readings[:, column], statistics.quantiles[place[sensor]], statistics.below[place[sensor]]),
            missing[column],
            now,
        )
        for column, (sensor, now) in enumerate(zip(used, silent.tolist(), strict=True))
    ]
    newly = [each.sensor for each in found if each.silent_now == 1.0 and each.silent_in_training < 0.5]
    told = tuple(sorted(found, key=lambda each: (-each.stability, each.sensor))) if len(wafers) >= LEAST_WAFERS else ()
    return Drift(len(wafers), told, tuple(newly), unlike / max(len(wafers), 1))


def stability(readings: Floats, quantiles: Floats, below: Floats) -> float:
    """Population stability index of a sensor over the deciles of the passing training wafers; silent readings left out.

    Sum over bins of (now - then) * ln(now / then). A decile that several levels share is one edge, so a sensor with few
    values has few bins; `below` is the share that lay at or below each quantile in training.
    """
    spoken = readings[~np.isnan(readings)]
    places = [LEVELS.index(level) for level in _DECILES]
    if not len(spoken) or np.isnan(quantiles[places]).any():
        return 0.0
    edges, first = np.unique(quantiles[places], return_index=True)
    then = _shares(below[places][first])
    now = _shares(np.array([(spoken <= edge).mean() for edge in edges]))
    return float(((now - then) * np.log(now / then)).sum())


def _shares(below: Floats) -> Floats:
    return np.maximum(np.diff(np.concatenate([[0.0], below, [1.0]])), _LEAST_SHARE)
