"""What preprocessing learned once and prediction reuses unchanged: which sensors count, and their medians."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Annotated

import numpy as np
from pydantic import PlainSerializer, PlainValidator

from wafer.wafers.arrays import Features, Ints, Wafers
from wafer.wafers.identity import as_models_see


class DropReason(StrEnum):
    """Why a sensor is not used."""

    SILENT = "silent"
    CONSTANT = "constant"
    MOVES_WITH = "moves with"


@dataclass(frozen=True, slots=True)
class Dropped:
    """A sensor that is not used: why, and which other sensor it repeats."""

    reason: DropReason
    kept: str = ""  # the sensor it moves with

    @property
    def text(self) -> str:
        """The reason in words."""
        return f"{self.reason} {self.kept}".rstrip()

    @classmethod
    def of(cls, text: str) -> "Dropped":
        """Read it from its words in a bundle."""
        reason = next(each for each in DropReason if text == each or text.startswith(f"{each} "))
        return cls(reason, text[len(reason) + 1 :])


DroppedInJson = Annotated[Dropped, PlainValidator(Dropped.of), PlainSerializer(lambda dropped: dropped.text)]


@dataclass(frozen=True)  # no slots: what is found once is kept
class Preprocessor:
    """Turns readings into features; needs nothing but numpy."""

    contract: tuple[str, ...]  # every sensor of the training contract
    sensors: tuple[str, ...]  # kept, in feature order
    medians: tuple[float, ...]  # of the kept sensors, in their units
    indicators: tuple[str, ...]  # sensors whose silence is a feature of its own
    dropped: Mapping[str, DroppedInJson]  # sensor -> why it is not used

    def transform(self, wafers: Wafers) -> Features:
        """Return features, (wafers, features) float32: silent sensors read as their median."""
        return self.features(as_models_see(wafers.columns(self.sensors)))

    def features(self, readings: Features) -> Features:
        """Return the features of readings of the kept sensors as models see them, (wafers, kept sensors)."""
        silent = np.isnan(readings)
        filled = np.where(silent, self._medians, readings)
        return np.ascontiguousarray(np.hstack([filled, silent[:, self._indicated]]), dtype=np.float32)

    @cached_property
    def _medians(self) -> Features:
        return np.array(self.medians, dtype=np.float32)

    @cached_property
    def _indicated(self) -> Ints:
        """Where the indicators' sensors stand among the kept ones."""
        return np.array([self.sensors.index(name) for name in self.indicators], dtype=np.int64)
