"""Which sensors are kept, and which data are refused because nothing honest can be learned from them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing_train.learn import learn_preprocessor
from wafer.errors import DataUnlearnable
from wafer.model.codec import from_json, to_json
from wafer.model.preprocessor import Dropped, DropReason, Preprocessor
from wafer.model.recipe import Recipe
from wafer.wafers.arrays import Wafers
from wafer.wafers.identity import distinct

RECIPE = Recipe()


def _wafers(count: int = 60, failures: int = 12, sensors: int = 6) -> Wafers:
    names = tuple(f"W-{i}" for i in range(count))
    readings = np.random.default_rng(0).normal(size=(count, sensors))
    columns = tuple(f"Sensor - {i + 1}" for i in range(sensors))
    return Wafers(names, names, ("a.csv",) * count, columns, readings, np.arange(count) < failures)


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
    ("wafers", "said"),
    [
        (_wafers(30, 0), "All 30 wafers passed"),
        (_wafers(30, 30), "All 30 wafers failed"),
        (_wafers(30, 2), "Only 2 of the 30 wafers failed"),
        (_wafers(30, 25), "5 passed"),
        (_wafers(1, 1), "All 1 wafers failed"),
        (replace(_wafers(30), failed=None), "no outcome"),
        (replace(_wafers(), readings=np.full((60, 6), np.nan)), "No sensor can be learned from"),
        (replace(_wafers(), readings=np.ones((60, 6))), "No sensor can be learned from"),
    ],
)
def test_data_that_cannot_be_learned_from_end_in_a_sentence(wafers: Wafers, said: str) -> None:
    with pytest.raises(DataUnlearnable, match=said):
        learn_preprocessor(wafers, RECIPE)


def test_thirty_wafers_with_enough_failures_are_enough() -> None:
    assert learn_preprocessor(_wafers(30, 10), RECIPE).sensors


def test_what_was_learned_survives_json_to_the_last_bit() -> None:
    found = learn_preprocessor(_wafers(), RECIPE)

    assert from_json(Preprocessor, to_json(found)) == found


@settings(max_examples=20, deadline=None)
@given(rows=st.permutations(range(60)), columns=st.permutations(range(6)))
def test_neither_order_nor_copies_nor_names_change_what_is_learned(rows: list[int], columns: list[int]) -> None:
    wafers = _wafers()
    other = wafers.rows(np.array([*rows, *rows[:10]]))
    other = replace(
        other,
        names=tuple(f"X{i}" for i in range(70)),
        sensors=tuple(wafers.sensors[i] for i in columns),
        readings=other.readings[:, columns],
    )

    assert learn_preprocessor(distinct(other)[0], RECIPE) == learn_preprocessor(distinct(wafers)[0], RECIPE)
    np.testing.assert_array_equal(distinct(other)[0].readings, distinct(wafers)[0].readings)


def test_equal_readings_with_different_labels_are_both_kept() -> None:
    wafers = _wafers()
    twice = wafers.rows(np.array([0, 0]))
    assert twice.failed is not None
    twice = replace(twice, failed=np.array([True, False]))

    assert len(distinct(twice)[0]) == 2
