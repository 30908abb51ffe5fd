"""Which sensors are kept, and which data are refused because nothing honest can be learned from them."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing_train.stage import fit_preprocessor
from preprocessing_train.tests.exports import write_export
from wafer.errors import DataUnlearnable
from wafer.model.assembly import PREPROCESSOR
from wafer.model.codec import from_json, to_json
from wafer.model.files import read_json
from wafer.model.preprocessor import Dropped, DropReason, Preprocessor
from wafer.model.recipe import Recipe
from wafer.wafers.arrays import Wafers

RECIPE = Recipe()
# Wafers that differ, by one sensor of six that speaks or by which of them speak, so that none is a copy.
MOSTLY_SILENT = np.where(np.arange(60)[:, None] % 6 == np.arange(6), np.arange(60.0)[:, None], np.nan)
CONSTANT = np.where(np.arange(1, 61)[:, None] >> np.arange(6) & 1, 1.0, np.nan)


def _wafers(count: int = 60, failures: int = 12, sensors: int = 6) -> Wafers:
    names = tuple(f"W-{i}" for i in range(count))
    readings = np.random.default_rng(0).normal(size=(count, sensors))
    columns = tuple(f"Sensor - {i + 1}" for i in range(sensors))
    return Wafers(names, names, ("a.csv",) * count, columns, readings, np.arange(count) < failures)


def learn_preprocessor(wafers: Wafers, recipe: Recipe) -> Preprocessor:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        fit_preprocessor(write_export(wafers, folder), folder / "out", folder / "training.parquet", recipe)
        return read_json(folder / "out" / PREPROCESSOR, Preprocessor)


def _files(wafers: Wafers, folder: Path, rows_at_once: int = 100) -> dict[str, bytes]:
    """Everything that the stage writes of these wafers."""
    export = write_export(wafers, folder, rows_at_once)
    fit_preprocessor(export, folder / "out", folder / "training.parquet", RECIPE)
    return {path.name: path.read_bytes() for path in [*(folder / "out").iterdir(), folder / "training.parquet"]}


def _with(wafers: Wafers, column: int, values: float | np.ndarray) -> Wafers:
    readings = wafers.readings.copy()
    readings[:, column] = values
    return replace(wafers, readings=readings)


def test_a_constant_sensor_is_not_used() -> None:
    wafers = _with(_wafers(), 2, 100.0)

    found = learn_preprocessor(wafers, RECIPE)

    assert found.dropped == {"Sensor - 3": Dropped(DropReason.CONSTANT)}
    assert "Sensor - 3" not in found.sensors


@pytest.mark.parametrize(("silent", "kept"), [(42, True), (43, False), (60, False)])
def test_a_sensor_silent_in_more_than_70_percent_is_not_used(silent: int, kept: bool) -> None:
    wafers = _wafers()
    column = wafers.readings[:, 1].copy()
    column[:silent] = np.nan

    found = learn_preprocessor(_with(wafers, 1, column), RECIPE)

    assert ("Sensor - 2" in found.sensors) is kept


def test_of_sensors_that_move_together_the_first_stays_and_speaks_for_the_others() -> None:
    wafers = _wafers()
    wafers = _with(wafers, 4, -3.0 * wafers.readings[:, 1] + 7.0)

    found = learn_preprocessor(wafers, RECIPE)

    assert found.dropped == {"Sensor - 5": Dropped(DropReason.MOVES_WITH, "Sensor - 2")}


def test_a_silent_sensor_reads_as_its_median() -> None:
    wafers = _wafers()
    found = learn_preprocessor(wafers, RECIPE)
    readings = wafers.readings.copy()
    readings[0, 3] = np.nan

    features = found.transform(replace(wafers, readings=readings))

    assert features[0, 3] == np.float32(np.median(wafers.readings[:, 3]))
    assert features.dtype == np.float32


def test_one_silence_pattern_is_one_feature_when_silence_is_asked_for() -> None:
    wafers = _wafers()
    readings = wafers.readings.copy()
    readings[:5, :2] = np.nan

    found = learn_preprocessor(replace(wafers, readings=readings), replace(RECIPE, missing_indicators=True))

    assert found.indicators == ("Sensor - 1",)
    features = found.transform(replace(wafers, readings=readings))
    assert features[:, -1].tolist() == [1.0] * 5 + [0.0] * 55


@pytest.mark.parametrize(
    ("wafers", "message"),
    [
        (_wafers(30, 0), "All 30 wafers passed"),
        (_wafers(30, 30), "All 30 wafers failed"),
        (_wafers(30, 2), "Only 2 of the 30 wafers failed"),
        (_wafers(30, 25), "5 passed"),
        (_wafers(1, 1), "All 1 wafers failed"),
        (replace(_wafers(30), failed=None), "no outcome"),
        (replace(_wafers(), readings=MOSTLY_SILENT), "No sensor can be learned from"),
        (replace(_wafers(), readings=CONSTANT), "No sensor can be learned from"),
    ],
)
def test_data_that_cannot_be_learned_from_end_in_a_sentence(wafers: Wafers, message: str) -> None:
    with pytest.raises(DataUnlearnable, match=message):
        learn_preprocessor(wafers, RECIPE)


def test_thirty_wafers_with_enough_failures_are_enough() -> None:
    assert learn_preprocessor(_wafers(30, 10), RECIPE).sensors


def test_what_was_learned_survives_json_to_the_last_bit() -> None:
    found = learn_preprocessor(_wafers(), RECIPE)

    assert from_json(Preprocessor, to_json(found)) == found


@pytest.mark.slow  # twenty preprocessings of each case
@settings(max_examples=20, deadline=None)
@given(rows=st.permutations(range(60)), columns=st.permutations(range(6)), rows_at_once=st.integers(1, 80))
def test_neither_order_nor_copies_nor_row_groups_change_a_byte(
    rows: list[int], columns: list[int], rows_at_once: int
) -> None:
    wafers = _wafers()
    other = wafers.rows(np.array([*rows, *rows[:10]]))
    other = replace(
        other,
        sensors=tuple(wafers.sensors[i] for i in columns),
        readings=np.ascontiguousarray(other.readings[:, columns]),
    )

    with tempfile.TemporaryDirectory() as a, tempfile.TemporaryDirectory() as b:
        assert _files(other, Path(a), rows_at_once) == _files(wafers, Path(b))


def test_names_change_nothing_that_is_learned(tmp_path: Path) -> None:
    wafers = _wafers()
    other = replace(wafers, ids=wafers.ids[::-1], names=tuple(f"X{i}" for i in range(60)))

    assert learn_preprocessor(other, RECIPE) == learn_preprocessor(wafers, RECIPE)


def test_how_the_wafers_are_dealt_to_files_changes_no_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wafers = _wafers(200, 40)
    monkeypatch.setattr("preprocessing_train.ordering.ROWS_AT_ONCE", 64)
    four_files = _files(wafers, tmp_path / "four")
    monkeypatch.setattr("preprocessing_train.ordering.MOST_BUCKETS", 1)

    assert _files(wafers, tmp_path / "one") == four_files


@pytest.mark.parametrize(("relabelled", "kept"), [(False, 60), (True, 61)])
def test_copies_count_once_unless_their_outcome_differs(tmp_path: Path, relabelled: bool, kept: int) -> None:
    wafers = _wafers()
    doubled = wafers.rows(np.append(np.arange(60), 0))
    assert doubled.failed is not None
    doubled.failed[60] ^= relabelled

    done = fit_preprocessor(write_export(doubled, tmp_path), tmp_path / "out", tmp_path / "training.parquet")

    assert (done.wafers, done.copies) == (kept, 61 - kept)
