"""How every sensor read in training: the usual range that explains a flag, and the ground that drift is measured on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wafer.bundle.wafers import Floats, Wafers

LEVELS = (0.0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
USUAL = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class SensorStatistics:
    """Per sensor of the contract: quantiles of the passing wafers, and how often the sensor was silent."""

    sensors: tuple[str, ...]
    quantiles: Floats  # (sensors, len(LEVELS)) in the sensor's units, NaN for a sensor that never spoke
    missing: Floats  # (sensors,) share of training wafers without a reading
    wafers: int
    failures: int

    def usual_range(self, sensor: str) -> tuple[float, float]:
        """Return where 90 % of the passing training wafers lie, in the sensor's units."""
        row = self.quantiles[self.sensors.index(sensor)]
        return float(row[LEVELS.index(USUAL[0])]), float(row[LEVELS.index(USUAL[1])])

    def to_json(self) -> dict[str, Any]:
        """Return the statistics; a sensor that never spoke has nulls."""
        return {
            "levels": list(LEVELS),
            "wafers": self.wafers,
            "failures": self.failures,
            "missing": dict(zip(self.sensors, self.missing.tolist(), strict=True)),
            "quantiles": {
                name: [None if np.isnan(value) else float(value) for value in row]
                for name, row in zip(self.sensors, self.quantiles, strict=True)
            },
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "SensorStatistics":
        """Build them from what `to_json` returned."""
        rows = [[np.nan if v is None else v for v in row] for row in data["quantiles"].values()]
        missing = np.array([data["missing"][name] for name in data["quantiles"]], dtype=np.float64)
        quantiles = np.array(rows, dtype=np.float64).reshape(len(rows), len(LEVELS))
        return cls(tuple(data["quantiles"]), quantiles, missing, int(data["wafers"]), int(data["failures"]))


def sensor_statistics(wafers: Wafers) -> SensorStatistics:
    """Describe labelled wafers."""
    failed = np.zeros(len(wafers), bool) if wafers.failed is None else wafers.failed
    quantiles = np.full((len(wafers.sensors), len(LEVELS)), np.nan)
    passing = wafers.readings[~failed]
    spoke = ~np.isnan(passing).all(axis=0)
    if spoke.any():
        quantiles[spoke] = np.nanquantile(passing[:, spoke], LEVELS, axis=0).T
    missing = np.isnan(wafers.readings).mean(axis=0)
    return SensorStatistics(wafers.sensors, quantiles, missing, len(wafers), int(failed.sum()))
