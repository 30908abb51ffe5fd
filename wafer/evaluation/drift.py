"""How far a batch has moved away from the wafers the model was trained on, sensor by sensor."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from wafer.evaluation.left_range import MOST_WAFERS, LeftRange, Ranges
from wafer.model.scoring import ModelBundle
from wafer.model.statistics import LEVELS, SensorStatistics
from wafer.shares import percent
from wafer.wafers.arrays import Floats, Ints, Wafers

LEAST_WAFERS = 50  # below this the index says more about the sample than about the line
MOVED = 0.25  # population stability index; the usual reading: below .1 stable, above .25 moved
SHARE_MOVED = 0.10  # of the sensors in use
SHARE_UNLIKE = 0.05  # of the wafers
_DECILES = tuple(round(level / 10, 1) for level in range(1, 10))
_PLACES = [LEVELS.index(level) for level in _DECILES]
_LEAST_SHARE = 1e-4
_NAMED = 5


@dataclass(frozen=True, slots=True)
class SensorDrift:
    """One sensor the model uses: its population stability index, how often it was silent then and now, and its level.

    The level is which share of the passing training wafers reads at or below the batch's median: .5 as in training.
    """

    sensor: str
    stability: float
    silent_in_training: float
    silent_now: float
    level: float | None = None  # None: all silent, then or now


@dataclass(frozen=True, slots=True)
class Drift:
    """What a batch as a whole says about the line; no single wafer's verdict depends on it."""

    wafers: int
    sensors: tuple[SensorDrift, ...]  # the most moved first; empty for a batch too small to say
    newly_silent: tuple[str, ...]
    unlike: float  # share of wafers that are unlike every training wafer
    left: tuple[LeftRange, ...] = ()  # sensors outside their range, by an exact test; only for a small batch
    screened: tuple[SensorDrift, ...] = ()  # the same as `sensors`, for a batch of any size

    @property
    def moved(self) -> tuple[SensorDrift, ...]:
        """Sensors beyond the usual bound, by more than the chance of a sample this size."""
        bound = MOVED + chance_of_size(self.wafers)
        return tuple(each for each in self.sensors if each.stability > bound)

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
            several = len(self.newly_silent) > 1
            silent = f"{len(self.newly_silent)} sensors that the model relies on are silent"
            sentences.append(
                f"{silent if several else 'A sensor that the model relies on is silent'} in this batch ({named}). "
                "Check that their tools report. Until they do, the model uses each one's training median."
            )
        if self.unlike > SHARE_UNLIKE:
            sentences.append(
                f"{percent(self.unlike, 0)} of the wafers are unlike every training wafer. Inspect them, and train "
                "again with wafers like these once their outcome is known."
            )
        return sentences

    def notes(self) -> list[str]:
        """Sensors of a small batch to look after; a lot of its own tells of a tool, not yet of the line."""
        if not self.left:
            return []
        told = "; ".join(each.text() for each in self.left[:_NAMED]) + (" …" if len(self.left) > _NAMED else "")
        what = "1 sensor left its range" if len(self.left) == 1 else f"{len(self.left)} sensors left their range"
        return [
            f"{what} in this batch of {self.wafers} wafers, by more than chance: {told}. Check the tools behind such "
            "readings before these verdicts are relied on."
        ]

    def to_json(self) -> dict[str, object]:
        """The figures by name."""
        return {
            "wafers": self.wafers,
            "unlike": self.unlike,
            "newly_silent": list(self.newly_silent),
            "moved": [each.sensor for each in self.moved],
            "left_range": [asdict(each) for each in self.left],
            "warnings": self.warnings(),
            "notes": self.notes(),
            "sensors": {each.sensor: round(each.stability, 4) for each in self.sensors},
            "screening": [_rounded(each) for each in self.screened],
        }


class Movement:
    """Counts how a batch reads, part by part, against the passing training wafers."""

    def __init__(self, bundle: ModelBundle) -> None:
        self._statistics, self._used = bundle.statistics, bundle.preprocessor.sensors
        place = {sensor: row for row, sensor in enumerate(self._statistics.sensors)}
        self._rows = [place[sensor] for sensor in self._used]
        self._deciles = self._statistics.quantiles[self._rows][:, _PLACES]
        self._below = np.zeros(self._deciles.shape, dtype=np.int64)
        self._silent = np.zeros(len(self._used), dtype=np.int64)
        self._wafers = 0
        self._ranges = Ranges(self._statistics)

    def count(self, wafers: Wafers) -> None:
        """Add some wafers."""
        readings = wafers.columns(self._used)
        self._wafers += len(wafers)
        if self._wafers <= MOST_WAFERS:
            self._ranges.count(wafers.columns(self._statistics.sensors))
        self._silent += np.isnan(readings).sum(axis=0)
        for column, decile in enumerate(self._deciles.T):
            self._below[:, column] += (readings <= decile).sum(axis=0)

    def counts(self) -> dict[str, Ints]:
        """What was counted, to be added elsewhere."""
        return {
            "wafers": np.array([self._wafers]),
            "below": self._below,
            "silent": self._silent,
            **self._ranges.counts(),
        }

    def add(self, counts: Mapping[str, Ints]) -> None:
        """Add what was counted of other wafers."""
        self._wafers += int(counts["wafers"][0])
        self._below += counts["below"]
        self._silent += counts["silent"]
        self._ranges.add(counts)

    def drift(self, unlike: int) -> Drift:
        """Tell how far the batch has moved; `unlike` is how many wafers are to be inspected."""
        found = [self._of_sensor(column) for column in range(len(self._used))]
        newly = [each.sensor for each in found if each.silent_now == 1.0 and each.silent_in_training < 0.5]
        by_stability = sorted(found, key=lambda each: (-each.stability, each.sensor))
        told = tuple(by_stability) if self._wafers >= LEAST_WAFERS else ()
        left = self._ranges.left() if self._wafers <= MOST_WAFERS else ()
        return Drift(self._wafers, told, tuple(newly), unlike / max(self._wafers, 1), left, tuple(by_stability))

    def _of_sensor(self, column: int) -> SensorDrift:
        spoken = self._wafers - int(self._silent[column])
        then = self._statistics.below[self._rows[column]][_PLACES]
        return SensorDrift(
            self._used[column],
            stability(self._below[column], spoken, self._deciles[column], then),
            float(self._statistics.missing[self._rows[column]]),
            float(self._silent[column] / max(self._wafers, 1)),
            level_of(self._below[column], spoken, self._deciles[column], then),
        )


def chance_of_size(wafers: int) -> float:
    """Twice the index that an unmoved sensor shows on average in a sample of this size."""
    return 2 * len(_DECILES) / max(wafers, 1)


def deciles_of(statistics: SensorStatistics, sensor: int) -> tuple[Floats, Floats]:
    """The deciles of a sensor's readings on the passing training wafers, and which share lay at or below each."""
    return statistics.quantiles[sensor][_PLACES], statistics.below[sensor][_PLACES]


def stability(below: Ints, spoken: int, deciles: Floats, then: Floats) -> float:
    """Population stability index of a sensor over the deciles of the passing training wafers; silent readings left out.

    `below` is how many of the `spoken` readings lie at or below each decile, `then` the share that did in training. Sum
    over bins of (now - then) * ln(now / then). A value that is several deciles is one edge, so a sensor with few values
    has few bins.
    """
    if not spoken or np.isnan(deciles).any():
        return 0.0
    _, first = np.unique(deciles, return_index=True)
    before, now = _shares(then[first]), _shares(below[first] / spoken)
    return float(((now - before) * np.log(now / before)).sum())


def level_of(below: Ints, spoken: int, deciles: Floats, then: Floats) -> float | None:
    """Which share of the passing training wafers reads at or below the median of `spoken` readings; arguments as above.

    Between two deciles by a straight line, so a median beyond all of them is only known to be near 0 or 1.
    """
    if not spoken or np.isnan(deciles).any():
        return None
    now, before = (np.concatenate([[0.0], shares, [1.0]]) for shares in (below / spoken, then))
    return float(np.interp(0.5, now, before))


def _rounded(each: SensorDrift) -> dict[str, object]:
    figures = {name: round(value, 4) for name, value in asdict(each).items() if isinstance(value, float)}
    return {"sensor": each.sensor, "level": None, **figures}


def _shares(below: Floats) -> Floats:
    return np.maximum(np.diff(np.concatenate([[0.0], below, [1.0]])), _LEAST_SHARE)
