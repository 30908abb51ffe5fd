"""A made-up line: its wafers, measured one block after another in memory that does not grow with their number."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

SENSORS = 590
FAILURE_SHARE = 0.065
SIGNAL_STRENGTH = 0.8  # correlation between what the sensors see and what decides over a wafer
CONSTANT_SENSORS = 116  # as many as the real line has
SINGLE_SIGNALS = 160  # sensors with a signal of their own; the others repeat one of the shared signals
SHARED_SIGNALS = 80
CAUSES = 4  # shared signals, the last ones, that decide over a wafer; free of drift and chamber
CHAMBER_SIGNALS = 60  # signals that tell which of two chambers a wafer was processed in
MISSING_BLOCKS = 33  # sensors that go missing together; with "never" and "silent in a file" 35 patterns
SILENT_SENSORS = 16  # without any value in every second file
BLOCK = 4_000  # wafers that are measured at once, whole carriers; their readings are 19 MB

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Drop:
    """How many wafers a drop has, and how they lie in files; those for training come first."""

    training: int
    prediction: int
    per_file: int

    @property
    def files(self) -> tuple[int, int]:
        """Number of files for training and for prediction; the last of each may be shorter."""
        return -(-self.training // self.per_file), -(-self.prediction // self.per_file)

    def file_of(self, wafers: Ints) -> Ints:
        """Number of the file that each of these wafers lies in; those to predict begin a file of their own."""
        return np.where(
            wafers < self.training,
            wafers // self.per_file,
            self.files[0] + (wafers - self.training) // self.per_file,
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """Wafers in measuring order from number `first` on: readings (wafers, sensors), NaN for missing; failed or not."""

    first: int
    readings: Floats
    failed: Bools


class Line:
    """Draws wafers from a seed. What the first block draws of the line (scales, tools, limits) holds for all blocks."""

    def __init__(self, seed: int, drop: Drop) -> None:
        self._seed = seed
        self._drop = drop
        self._drawn: dict[str, object] = {}

    def measure(self, count: int) -> Iterator[Measured]:
        """So many wafers; the share of failures is exact over the first block's for training, and near it after."""
        for first in range(0, count, BLOCK):
            rng = np.random.default_rng([self._seed, first] if first else self._seed)
            yield self._block(rng, np.arange(first, min(first + BLOCK, count)))

    def _once(self, name: str, draw: Callable[[], T]) -> T:
        """What the line is, as its first block drew it."""
        if name not in self._drawn:
            self._drawn[name] = draw()
        return cast("T", self._drawn[name])

    def _block(self, rng: np.random.Generator, wafers: Ints) -> Measured:
        count = len(wafers)
        chamber = np.repeat(rng.random(count // 10 + 1) < 0.5, 10)[:count]  # a carrier of ten goes through one chamber
        signals = self._signals(rng, wafers, chamber)
        failed = self._fate(rng, signals, chamber)
        readings = self._sensors(rng, signals)
        readings[self._missing(rng, wafers)] = np.nan
        return Measured(int(wafers[0]), readings, failed)

    def _signals(self, rng: np.random.Generator, wafers: Ints, chamber: Bools) -> Floats:
        """(wafers, signals) independent unit noise, half of it skewed; some drift, some shift with the chamber."""
        n = SINGLE_SIGNALS + SHARED_SIGNALS
        signals = rng.standard_normal((len(wafers), n))
        skewed = self._once("skewed", lambda: rng.random(n) < 0.5)
        signals[:, skewed] = (np.exp(0.5 * signals[:, skewed]) - 1.13) / 0.6  # lognormal, centred, near unit spread
        drifting = self._once("drifting", lambda: rng.choice(n - CAUSES, 20, replace=False))
        signals[:, drifting] += 0.5 * np.sin(wafers / 180)[:, None]
        shifted = self._once("shifted", lambda: rng.choice(n - CAUSES, CHAMBER_SIGNALS, replace=False))
        sides = self._once("sides", lambda: rng.choice([-1.0, 1.0], CHAMBER_SIGNALS))
        signals[:, shifted] += np.where(chamber, 2.2, 0.0)[:, None] * sides
        return signals

    def _fate(self, rng: np.random.Generator, signals: Floats, chamber: Bools) -> Bools:
        """Fail the wafers with the largest damage, in equal shares of both chambers; sensors see a part of it only."""
        seen = signals[:, -CAUSES:].sum(axis=1) / np.sqrt(CAUSES)
        damage = SIGNAL_STRENGTH * seen + np.sqrt(1 - SIGNAL_STRENGTH**2) * rng.standard_normal(len(seen))
        known = np.arange(len(damage)) < self._drop.training
        limits = self._once("limits", lambda: [_limit(damage[known & side]) for side in (chamber, ~chamber)])
        failed: Bools = damage >= np.where(chamber, *limits)
        return failed

    def _sensors(self, rng: np.random.Generator, signals: Floats) -> Floats:
        """(wafers, sensors) readings: constants, and signals on scales from thousandths to thousands, four decimals."""
        varying = SENSORS - CONSTANT_SENSORS
        single = np.arange(SINGLE_SIGNALS)
        shared = SINGLE_SIGNALS + np.arange(varying - SINGLE_SIGNALS) % SHARED_SIGNALS
        source = np.concatenate([single, shared])
        centre = self._once("centre", lambda: _centres(rng, varying))
        width = self._once("width", lambda: np.exp(rng.normal(-1.5, 0.8, varying)).clip(0.03, 0.25))
        noise = rng.standard_normal((len(signals), varying)) * 0.15
        constant = self._once("constant", lambda: rng.choice([0.0, 0.0, 0.0, 0.0, 1.0, 100.0], CONSTANT_SENSORS))
        places = self._once("places", lambda: rng.permutation(SENSORS))

        readings = np.empty((len(signals), SENSORS))
        readings[:, places[:varying]] = centre + np.abs(centre) * width * (signals[:, source] + noise)
        readings[:, places[varying:]] = constant
        return np.round(readings, 4) + 0.0  # + 0.0 turns -0 into 0

    def _missing(self, rng: np.random.Generator, wafers: Ints) -> Bools:
        """(wafers, sensors) mask: sensors of one tool go missing together; some tools measure few wafers."""
        missing = np.zeros((len(wafers), SENSORS), dtype=bool)
        places = self._once("tools", lambda: rng.permutation(SENSORS))
        silent, places = places[:SILENT_SENSORS], places[SILENT_SENSORS:]
        for block in range(MISSING_BLOCKS):
            size, share = self._once(f"tool {block}", partial(_tool, rng, rare=block % 6 == 0))
            sensors, places = places[:size], places[size:]
            missing[:, sensors] = (rng.random(len(wafers)) < share)[:, None]
        quiet_file = self._drop.file_of(wafers) % 2 == 0
        missing[np.ix_(quiet_file, silent)] = True
        return missing


def _limit(damage: Floats) -> float:
    """The damage from which on wafers fail."""
    failures = round(FAILURE_SHARE * len(damage))
    return float(np.sort(damage)[-failures]) if failures else np.inf


def _centres(rng: np.random.Generator, count: int) -> Floats:
    """The middle of each sensor's readings."""
    centre: Floats = np.exp(rng.normal(0.5, 3.2, count)).clip(0.002, 9000)
    return centre * np.where(rng.random(count) < 0.07, -1.0, 1.0)


def _tool(rng: np.random.Generator, *, rare: bool) -> tuple[int, float]:
    """How many sensors a tool has, and how often they go missing."""
    size = 4 if rare else int(rng.choice([4, 8, 12]))
    return size, rng.uniform(0.45, 0.9) if rare else rng.uniform(0.002, 0.03)
