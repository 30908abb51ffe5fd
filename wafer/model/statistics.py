"""How every sensor read in training: the usual range that explains a flag, and the ground that drift is measured on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wafer.wafers.arrays import Bools, Floats

LEVELS = (0.0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
USUAL = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class SensorStatistics:
    """Per sensor of the contract: quantiles of the passing wafers, and how often the sensor was silent."""

    sensors: tuple[str, ...]
    quantiles: Floats  # (sensors, len(LEVELS)) in the sensor's units, NaN for a sensor that never spoke
    below: Floats  # (sensors, len(LEVELS)) share of the passing wafers' readings at or below each quantile
    missing: Floats  # (sensors,) share of training wafers without a reading
    wafers: int
    failures: int

    def usual_range(self, sensor: str) -> tuple[float, float]:
        """Return where 90 % of the passing training wafers lie, in the sensor's units."""
        row = self.quantiles[self.sensors.index(sensor)]
        return float(row[LEVELS.index(USUAL[0])]), float(row[LEVELS.index(USUAL[1])])


@dataclass(frozen=True, slots=True)
class StatisticsFile:
    """The statistics as they are written: by sensor; a sensor that never spoke has nulls."""

    levels: tuple[float, ...]
    wafers: int
    failures: int
    missing: Mapping[str, float]
    quantiles: Mapping[str, list[float | None]]
    below: Mapping[str, list[float | None]]

    @classmethod
    def of(cls, found: SensorStatistics) -> "StatisticsFile":
        """What is written of them."""
        missing = dict(zip(found.sensors, found.missing.tolist(), strict=True))
        quantiles, below = _rows(found.sensors, found.quantiles), _rows(found.sensors, found.below)
        return cls(LEVELS, found.wafers, found.failures, missing, quantiles, below)

    @property
    def statistics(self) -> SensorStatistics:
        """The statistics again."""
        sensors = tuple(self.quantiles)
        missing = np.array([self.missing[name] for name in sensors], dtype=np.float64)
        quantiles, below = _table(sensors, self.quantiles), _table(sensors, self.below)
        return SensorStatistics(sensors, quantiles, below, missing, self.wafers, self.failures)


def _rows(sensors: tuple[str, ...], table: Floats) -> dict[str, list[float | None]]:
    named = zip(sensors, table, strict=True)
    return {name: [None if np.isnan(value) else float(value) for value in row] for name, row in named}


def _table(sensors: tuple[str, ...], rows: Mapping[str, list[float | None]]) -> Floats:
    values = [[np.nan if value is None else value for value in rows[name]] for name in sensors]
    return np.array(values, dtype=np.float64).reshape(len(sensors), len(LEVELS))


def sensor_statistics(sensors: Sequence[str], readings: Floats, failed: Bools) -> SensorStatistics:
    """Describe labelled wafers; `readings` is (wafers, sensors), NaN where a sensor was silent."""
    quantiles = np.full((len(sensors), len(LEVELS)), np.nan)
    passing = readings[~failed]
    spoke = ~np.isnan(passing).all(axis=0)
    if spoke.any():
        quantiles[spoke] = np.nanquantile(passing[:, spoke], LEVELS, axis=0).T
    below = np.stack([_at_or_below(passing, edge) for edge in quantiles.T], axis=1)
    missing = np.isnan(readings).mean(axis=0)
    return SensorStatistics(tuple(sensors), quantiles, below, missing, len(failed), int(failed.sum()))


def joined_statistics(parts: Sequence[SensorStatistics]) -> SensorStatistics:
    """Put blocks of sensors together that describe the same wafers."""
    return SensorStatistics(
        tuple(name for part in parts for name in part.sensors),
        np.concatenate([part.quantiles for part in parts]),
        np.concatenate([part.below for part in parts]),
        np.concatenate([part.missing for part in parts]),
        parts[0].wafers,
        parts[0].failures,
    )


def _at_or_below(readings: Floats, edges: Floats) -> Floats:
    """Share of each sensor's readings at or below its edge, (sensors,); NaN for a sensor that never spoke."""
    spoken = (~np.isnan(readings)).sum(axis=0)
    shares = np.full(len(edges), np.nan)
    np.divide((readings <= edges).sum(axis=0), spoken, out=shares, where=spoken > 0)
    return shares
