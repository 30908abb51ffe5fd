"""How every sensor read: each block of sensors of all wafers is a unit of work."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from preprocessing_train.novelty import Spread, spread_of
from preprocessing_train.ordering import Ordered
from wafer.engine import Engine, Given
from wafer.model.statistics import SensorStatistics, StatisticsFile, joined_statistics, sensor_statistics
from wafer.progress import reported
from wafer.wafers.arrays import Bools, Floats
from wafer.wafers.export import ExportFile
from wafer.wafers.identity import as_models_see
from wafer.wafers.table import columns_at_once


@dataclass(frozen=True, slots=True)
class Sensor:
    """One sensor over all wafers, as models see it."""

    missing: float  # share of the wafers
    readings: int
    low: float | None  # None for a sensor that never spoke, as the median
    high: float | None
    median: float | None
    silence: str  # the same for sensors that are silent for the same wafers; empty where none or all are

    @property
    def spread(self) -> Spread:
        """How far it read."""
        return Spread(
            self.readings, np.nan if self.low is None else self.low, np.nan if self.high is None else self.high
        )


@dataclass(frozen=True, slots=True)
class Block:
    """Some sensors of all wafers as a unit of work; `kept` says which rows of the export are learned from."""

    name: str
    sensors: tuple[str, ...]
    export: Given
    kept: Given


@dataclass(frozen=True, slots=True)
class Described:
    """What a unit found."""

    sensors: dict[str, Sensor]
    statistics: StatisticsFile


def described(export: ExportFile, wafers: Ordered, engine: Engine) -> tuple[dict[str, Sensor], SensorStatistics]:
    """Describe every sensor, in blocks of as many as memory has room for."""
    path = wafers.path.with_name("kept.npy")
    np.save(path, wafers.kept)
    given = engine.give([export.path, path])
    blocks = [
        Block(f"sensors from {names[0]}", names, *given)
        for names in _blocks(wafers.sensors, columns_at_once(export.wafers))
    ]
    scratch = wafers.path.with_name("described")
    scratch.mkdir()
    found = list(reported(engine.run(describe, blocks, scratch), len(blocks), "groups of sensors described"))
    sensors = {name: sensor for each in found for name, sensor in each.sensors.items()}
    return sensors, joined_statistics([each.statistics.statistics for each in found])


def describe(block: Block, _folder: Path) -> Described:
    """Do a unit of work; it leaves nothing but its answer."""
    kept: Bools = np.load(block.kept.at_hand())
    with ExportFile(block.export.at_hand()) as export:
        readings = export.readings(block.sensors, kept)
        statistics = sensor_statistics(block.sensors, readings, export.failed[kept])
    sensors = {name: _sensor(readings[:, [place]]) for place, name in enumerate(block.sensors)}
    return Described(sensors, StatisticsFile.of(statistics))


def _blocks(names: Sequence[str], length: int) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(names), length):
        yield tuple(names[start : start + length])


def _sensor(column: Floats) -> Sensor:
    seen = as_models_see(column)[:, 0].astype(np.float64)
    silent = np.isnan(seen)
    spoken = seen[~silent]
    spread = spread_of(spoken)
    if not len(spoken):
        return Sensor(float(silent.mean()), 0, None, None, None, "")
    pattern = hashlib.sha256(np.packbits(silent).tobytes()).hexdigest() if silent.any() else ""
    median = float(np.median(spoken))
    return Sensor(float(silent.mean()), spread.readings, spread.low, spread.high, median, pattern)
