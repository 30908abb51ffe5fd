"""How every sensor read in training: what a flagged reading is compared with, and the ground of drift."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from wafer.wafers.arrays import Bools, Floats

LEVELS = (0.0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
USUAL = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class SensorStatistics:
    """Per sensor of the contract: quantiles of passing and of failing wafers, and how often the sensor was silent."""

    sensors: tuple[str, ...]
    quantiles: Floats  # (sensors, len(LEVELS)) in the sensor's units, NaN for a sensor that never spoke
    below: Floats  # (sensors, len(LEVELS)) share of the passing wafers' readings at or below each quantile
    missing: Floats  # (sensors,) share of training wafers without a reading
    wafers: int
    failures: int
    failing: (
        Floats  # (sensors, len(LEVELS)) quantiles of the failing wafers; NaN where none spoke, or of before recipe 5
    )

    def usual_range(self, sensor: str) -> tuple[float, float]:
        """Return where 90 % of the passing training wafers lie, in the sensor's units."""
        row = self.quantiles[self.sensors.index(sensor)]
        return float(row[LEVELS.index(USUAL[0])]), float(row[LEVELS.index(USUAL[1])])

    def above(self, sensor: str, value: float) -> tuple[float | None, float | None]:
        """Return which share of the passing and of the failing training wafers reads lower; None: nobody knows.

        Of wafers that read the same, half count.
        """
        at = self.sensors.index(sensor)
        return _share_below(self.quantiles[at], value), _share_below(self.failing[at], value)


@dataclass(frozen=True, slots=True)
class StatisticsFile:
    """The statistics as they are written: by sensor; a sensor that never spoke has nulls."""

    levels: tuple[float, ...]
    wafers: int
    failures: int
    missing: Mapping[str, float]
    quantiles: Mapping[str, list[float | None]]
    below: Mapping[str, list[float | None]]
    failing: Mapping[str, list[float | None]] = field(default_factory=dict)  # not written before recipe 5

    @classmethod
    def of(cls, found: SensorStatistics) -> "StatisticsFile":
        """What is written of them."""
        missing = dict(zip(found.sensors, found.missing.tolist(), strict=True))
        tables = (_rows(found.sensors, table) for table in (found.quantiles, found.below, found.failing))
        return cls(LEVELS, found.wafers, found.failures, missing, *tables)

    @property
    def statistics(self) -> SensorStatistics:
        """The statistics again."""
        sensors = tuple(self.quantiles)
        missing = np.array([self.missing[name] for name in sensors], dtype=np.float64)
        quantiles, below = _table(sensors, self.quantiles), _table(sensors, self.below)
        failing = _table(sensors, self.failing or dict.fromkeys(sensors, [None] * len(LEVELS)))
        return SensorStatistics(sensors, quantiles, below, missing, self.wafers, self.failures, failing)


def _rows(sensors: tuple[str, ...], table: Floats) -> dict[str, list[float | None]]:
    named = zip(sensors, table, strict=True)
    return {name: [None if np.isnan(value) else float(value) for value in row] for name, row in named}


def _table(sensors: tuple[str, ...], rows: Mapping[str, list[float | None]]) -> Floats:
    values = [[np.nan if value is None else value for value in rows[name]] for name in sensors]
    return np.array(values, dtype=np.float64).reshape(len(sensors), len(LEVELS))


def sensor_statistics(sensors: Sequence[str], readings: Floats, failed: Bools) -> SensorStatistics:
    """Describe labelled wafers; `readings` is (wafers, sensors), NaN where a sensor was silent."""
    passing = readings[~failed]
    quantiles, failing = _quantiles(passing), _quantiles(readings[failed])
    below = np.stack([_at_or_below(passing, edge) for edge in quantiles.T], axis=1)
    missing = np.isnan(readings).mean(axis=0)
    return SensorStatistics(tuple(sensors), quantiles, below, missing, len(failed), int(failed.sum()), failing)


def joined_statistics(parts: Sequence[SensorStatistics]) -> SensorStatistics:
    """Put blocks of sensors together that describe the same wafers."""
    return SensorStatistics(
        tuple(name for part in parts for name in part.sensors),
        np.concatenate([part.quantiles for part in parts]),
        np.concatenate([part.below for part in parts]),
        np.concatenate([part.missing for part in parts]),
        parts[0].wafers,
        parts[0].failures,
        np.concatenate([part.failing for part in parts]),
    )


def _quantiles(readings: Floats) -> Floats:
    """Return the quantiles of each sensor at LEVELS, (sensors, levels); NaN for a sensor that never spoke."""
    quantiles = np.full((readings.shape[1], len(LEVELS)), np.nan)
    spoke = ~np.isnan(readings).all(axis=0)
    if spoke.any():
        quantiles[spoke] = np.nanquantile(readings[:, spoke], LEVELS, axis=0).T
    return quantiles


def _share_below(quantiles: Floats, value: float) -> float | None:
    if np.isnan(value) or np.isnan(quantiles[0]):
        return None
    first, after = np.searchsorted(quantiles, value, "left"), np.searchsorted(quantiles, value, "right")
    if first < after:  # as many wafers read this very value
        return (LEVELS[first] + LEVELS[after - 1]) / 2
    return float(np.interp(value, quantiles, LEVELS))


def _at_or_below(readings: Floats, edges: Floats) -> Floats:
    """Share of each sensor's readings at or below its edge, (sensors,); NaN for a sensor that never spoke."""
    spoken = (~np.isnan(readings)).sum(axis=0)
    shares = np.full(len(edges), np.nan)
    np.divide((readings <= edges).sum(axis=0), spoken, out=shares, where=spoken > 0)
    return shares
