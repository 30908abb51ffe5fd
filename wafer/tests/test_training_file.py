"""The file that training learns from: what goes in comes out, whole or block by block."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from wafer.wafers.arrays import Wafers
from wafer.wafers.identity import as_column, as_models_see, content_keys
from wafer.wafers.training_file import TrainingFile, training_writer


@pytest.fixture
def learned() -> Wafers:
    """23 wafers of 7 sensors, a tenth of the readings missing."""
    rng = np.random.default_rng(5)
    readings = rng.normal(size=(23, 7)).astype(np.float32).astype(np.float64)
    readings[rng.random(readings.shape) < 0.1] = np.nan
    names = tuple(f"W-{row}" for row in range(23))
    sensors = ("Sensor - 1", "Sensor - 2", "a.b", "a", "a.b.c", "Temp, °C", "Sensor - 10")
    return Wafers(names[::-1], names, ("a.csv",) * 23, sensors, readings, np.arange(23) % 4 == 0)


def _write(path: Path, learned: Wafers, rows_at_once: int) -> None:
    """Write the file as preprocessing does, a row group at a time."""
    keys = content_keys(learned)
    with training_writer(path, learned.sensors) as write:
        for start in range(0, len(learned), rows_at_once):
            rows = np.arange(start, min(start + rows_at_once, len(learned)))
            part = learned.rows(rows)
            texts = [list(each) for each in (part.ids, part.names, part.files)]
            stamps = [datetime(2020, 1, 7, 4, 10, int(row)) if row % 2 else None for row in rows]  # noqa: DTZ001 - no zone
            write([as_column(keys[rows]), *texts, stamps, rows % 3, part.known_failed], as_models_see(part.readings))


@pytest.mark.parametrize("rows_at_once", [1, 5, 23, 100])
def test_what_was_written_is_read(learned: Wafers, tmp_path: Path, rows_at_once: int) -> None:
    _write(tmp_path / "training", learned, rows_at_once)

    with TrainingFile(tmp_path / "training") as file:
        found, keys, fold = file.sample(23), file.keys, file.fold

    assert (found.ids, found.names, found.files) == (learned.ids, learned.names, learned.files)
    assert found.sensors == learned.sensors
    np.testing.assert_array_equal(found.readings, learned.readings)
    np.testing.assert_array_equal(found.known_failed, learned.known_failed)
    np.testing.assert_array_equal(keys, content_keys(learned))
    np.testing.assert_array_equal(fold, np.arange(23) % 3)


def test_when_a_batch_was_written_is_read_where_its_name_tells_it(learned: Wafers, tmp_path: Path) -> None:
    _write(tmp_path / "training", learned, 5)

    with TrainingFile(tmp_path / "training") as file:
        batch = file.batch

    assert np.isnat(batch[::2]).all()
    assert batch[3] == np.datetime64("2020-01-07T04:10:03")


@pytest.mark.parametrize("rows_at_once", [1, 4, 5, 100])
def test_a_sample_is_spread_over_the_wafers(learned: Wafers, tmp_path: Path, rows_at_once: int) -> None:
    _write(tmp_path / "training", learned, rows_at_once)

    with TrainingFile(tmp_path / "training") as file:
        found = file.sample(7)

    assert found.names == learned.names[::3]
    np.testing.assert_array_equal(found.readings, learned.readings[::3])


def test_readings_are_read_in_parts_and_by_sensor(learned: Wafers, tmp_path: Path) -> None:
    _write(tmp_path / "training", learned, rows_at_once=5)
    some, readings = ("Sensor - 10", "a"), learned.columns(("Sensor - 10", "a"))

    with TrainingFile(tmp_path / "training") as file:
        parts, columns = list(file.parts(some)), list(file.columns(some))

    assert [(part.row, len(part.readings)) for part in parts] == [(0, 5), (5, 5), (10, 5), (15, 5), (20, 3)]
    np.testing.assert_array_equal(np.concatenate([part.readings for part in parts]), readings)
    np.testing.assert_array_equal(np.stack(columns, axis=1), readings)


def test_readings_that_float32_cannot_tell_apart_are_the_same(learned: Wafers) -> None:
    wafers = replace(learned, readings=np.where(learned.readings > 1, 1.279, learned.readings))
    rewritten = replace(wafers, readings=np.where(wafers.readings == 1.279, 1.2790000000000001, wafers.readings))
    zero, minus = (replace(wafers, readings=np.full((23, 7), each)) for each in (0.0, -0.0))

    np.testing.assert_array_equal(content_keys(rewritten), content_keys(wafers))
    np.testing.assert_array_equal(content_keys(zero), content_keys(minus))
    assert not np.isin(content_keys(replace(wafers, readings=wafers.readings + 0.01)), content_keys(wafers)).all()
