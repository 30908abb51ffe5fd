"""The file that training learns from: what goes in comes out, whole or block by block."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wafer.wafers.arrays import Wafers
from wafer.wafers.identity import as_models_see, content_keys
from wafer.wafers.training_file import TrainingFile, TrainingWafers, read_training, training_writer


@pytest.fixture
def learned() -> TrainingWafers:
    """23 wafers of 7 sensors, a tenth of the readings missing."""
    rng = np.random.default_rng(5)
    readings = rng.normal(size=(23, 7)).astype(np.float32).astype(np.float64)
    readings[rng.random(readings.shape) < 0.1] = np.nan
    names = tuple(f"W-{row}" for row in range(23))
    sensors = ("Sensor - 1", "Sensor - 2", "a.b", "a", "a.b.c", "Temp, °C", "Sensor - 10")
    wafers = Wafers(names[::-1], names, ("a.csv",) * 23, sensors, readings, np.arange(23) % 4 == 0)
    return TrainingWafers(wafers, tuple(content_keys(wafers)), np.arange(23) % 3)


def _write(path: Path, learned: TrainingWafers, rows_at_once: int) -> None:
    """Write the file as preprocessing does, a row group at a time."""
    with training_writer(path, learned.wafers.sensors) as write:
        for start in range(0, len(learned), rows_at_once):
            part = learned.rows(np.arange(start, min(start + rows_at_once, len(learned))))
            keys, wafers = [bytes.fromhex(key) for key in part.keys], part.wafers
            head = [keys, list(wafers.ids), list(wafers.names), list(wafers.files), part.fold, part.failed]
            write(head, as_models_see(wafers.readings))


@pytest.mark.parametrize("rows_at_once", [1, 5, 23, 100])
def test_what_was_written_is_read(learned: TrainingWafers, tmp_path: Path, rows_at_once: int) -> None:
    _write(tmp_path / "training", learned, rows_at_once)

    found = read_training(tmp_path / "training")

    assert (found.keys, found.wafers.ids, found.wafers.names) == (
        learned.keys,
        learned.wafers.ids,
        learned.wafers.names,
    )
    assert (found.wafers.sensors, found.wafers.files) == (learned.wafers.sensors, learned.wafers.files)
    np.testing.assert_array_equal(found.wafers.readings, learned.wafers.readings)
    np.testing.assert_array_equal(found.failed, learned.failed)
    np.testing.assert_array_equal(found.fold, learned.fold)


def test_readings_are_read_in_parts_and_by_sensor(learned: TrainingWafers, tmp_path: Path) -> None:
    _write(tmp_path / "training", learned, rows_at_once=5)
    some, readings = ("Sensor - 10", "a"), learned.wafers.columns(("Sensor - 10", "a"))

    with TrainingFile(tmp_path / "training") as file:
        parts, columns = list(file.parts(some)), list(file.columns(some))

    assert [(part.row, len(part.readings)) for part in parts] == [(0, 5), (5, 5), (10, 5), (15, 5), (20, 3)]
    np.testing.assert_array_equal(np.concatenate([part.readings for part in parts]), readings)
    np.testing.assert_array_equal(np.stack(columns, axis=1), readings)


def test_readings_that_float32_cannot_tell_apart_are_the_same(learned: TrainingWafers) -> None:
    wafers = replace(learned.wafers, readings=np.where(learned.wafers.readings > 1, 1.279, learned.wafers.readings))
    rewritten = replace(wafers, readings=np.where(wafers.readings == 1.279, 1.2790000000000001, wafers.readings))
    zero, minus = (replace(wafers, readings=np.full((23, 7), each)) for each in (0.0, -0.0))

    assert content_keys(rewritten) == content_keys(wafers)
    assert content_keys(zero) == content_keys(minus)
    assert content_keys(replace(wafers, readings=wafers.readings + 0.01)) != content_keys(wafers)
