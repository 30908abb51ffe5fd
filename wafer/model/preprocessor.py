"""What preprocessing learned once and prediction reuses unchanged: which sensors count, and their medians."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wafer.wafers.arrays import Features, Floats, Wafers

_FLOAT32_MAX = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True)
class Preprocessor:
    """Turns readings into features; needs nothing but numpy."""

    contract: tuple[str, ...]  # every sensor of the training contract
    sensors: tuple[str, ...]  # kept, in feature order
    medians: tuple[float, ...]  # of the kept sensors, in their units
    indicators: tuple[str, ...]  # sensors whose silence is a feature of its own
    dropped: Mapping[str, str]  # sensor -> why it is not used

    @property
    def feature_sensors(self) -> tuple[str, ...]:
        """The sensor behind each feature column."""
        return self.sensors + self.indicators

    def transform(self, wafers: Wafers) -> Features:
        """Return features, (wafers, features) float32: silent sensors read as their median."""
        readings = wafers.columns(self.sensors)
        filled = np.where(np.isnan(readings), np.array(self.medians), readings)
        filled = np.clip(filled, -_FLOAT32_MAX, _FLOAT32_MAX)
        silent = np.isnan(wafers.columns(self.indicators))
        return np.ascontiguousarray(np.hstack([filled, silent]), dtype=np.float32)

    def missing_share(self, wafers: Wafers) -> Floats:
        """Return the share of kept sensors that were silent, (wafers,)."""
        return np.asarray(np.isnan(wafers.columns(self.sensors)).mean(axis=1))

    def to_json(self) -> dict[str, Any]:
        """Return everything that was learned; floats keep every bit in JSON."""
        return {
            "contract": list(self.contract),
            "sensors": list(self.sensors),
            "medians": list(self.medians),
            "indicators": list(self.indicators),
            "dropped": dict(self.dropped),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Preprocessor":
        """Build it from what `to_json` returned."""
        return cls(
            contract=tuple(data["contract"]),
            sensors=tuple(data["sensors"]),
            medians=tuple(float(value) for value in data["medians"]),
            indicators=tuple(data["indicators"]),
            dropped=dict(data["dropped"]),
        )
