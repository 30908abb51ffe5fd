"""A wafer with broken sensors is never judged, and wafers like those of the training are."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from preprocessing_train.stage import fit_preprocessor
from preprocessing_train.tests.exports import write_export
from wafer.model.assembly import NOVELTY
from wafer.model.novelty import NoveltyModel, load_novelty
from wafer.model.recipe import Recipe
from wafer.wafers.arrays import Floats, Wafers

SENSORS = tuple(f"Sensor - {i}" for i in range(1, 81))
CONSTANT, TWIN, RARE = 60, 61, 62  # places of sensors of a kind of their own
Fault = Callable[[Floats, np.random.Generator], Floats]


def make_wafers(count: int, seed: int) -> Wafers:
    """Sensors that twelve hidden causes move together, on levels of their own."""
    line, rng = np.random.default_rng(0), np.random.default_rng(seed)
    causes, levels = line.normal(size=(12, len(SENSORS))), line.uniform(5, 500, len(SENSORS))
    readings = levels + rng.normal(size=(count, 12)) @ causes + rng.normal(size=(count, len(SENSORS)))
    readings[:, CONSTANT] = 7.0
    readings[:, TWIN] = 2 * readings[:, 0] + 1
    readings[np.arange(count) > 4, RARE] = np.nan
    readings[rng.random(readings.shape) < 0.02] = np.nan
    names = tuple(f"W-{seed}-{i}" for i in range(count))
    return Wafers(names, names, ("a.csv",) * count, SENSORS, readings, rng.random(count) < 0.1)


def learned(wafers: Wafers, folder: Path) -> NoveltyModel:
    fit_preprocessor(write_export(wafers, folder), folder / "out", folder / "training.parquet", Recipe())
    return load_novelty(folder / "out" / NOVELTY)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> NoveltyModel:
    return learned(make_wafers(600, seed=1), tmp_path_factory.mktemp("learned"))


def _odd(model: NoveltyModel, readings: Floats) -> np.ndarray:
    """Which wafers either rule of the sensors calls odd."""
    together = readings[:, [model.spans.sensors.index(name) for name in model.pattern.sensors]]
    far = (model.spans.excess(readings) > model.ranges).any(axis=1)
    return np.asarray(far | (model.pattern.oddness(together) > model.residual))


def _some_sensors(readings: Floats, rng: np.random.Generator) -> Floats:
    moved = readings.copy()
    for row in moved:
        row[rng.choice(CONSTANT, 10, replace=False)] += 5 * 3.6  # five standard deviations
    return moved


FAULTS: dict[str, Fault] = {
    "ten sensors of eighty": _some_sensors,
    "every reading 5 % higher": lambda readings, _: readings * 1.05,
    "every reading 5 % lower": lambda readings, _: readings * 0.95,
    "every sensor two deviations higher": lambda readings, _: readings + 2 * 3.6,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_measurement_is_odd(model: NoveltyModel, fault: str) -> None:
    readings = make_wafers(200, seed=2).readings

    odd = _odd(model, FAULTS[fault](readings, np.random.default_rng(3)))

    assert odd.mean() > 0.95


def test_wafers_like_those_of_the_training_are_hardly_ever_odd(model: NoveltyModel) -> None:
    assert _odd(model, make_wafers(1000, seed=4).readings).mean() < 0.02


@pytest.mark.parametrize("place", [0, CONSTANT, TWIN], ids=["used", "constant", "moves with another"])
def test_one_reading_far_outside_is_odd_whether_the_sensor_is_used_or_not(model: NoveltyModel, place: int) -> None:
    readings = make_wafers(1, seed=5).readings
    readings[0, place] = 1e4

    assert model.spans.sensors[int(model.spans.excess(readings)[0].argmax())] == SENSORS[place]
    assert _odd(model, readings).all()


def test_the_sensor_that_does_not_fit_the_others_is_named_first(model: NoveltyModel) -> None:
    readings = make_wafers(1, seed=6).readings[:, [SENSORS.index(name) for name in model.pattern.sensors]]
    readings[0, 3] += 15.0

    assert model.pattern.oddest(readings)[0] == model.pattern.sensors[3]


def test_a_sensor_that_hardly_ever_spoke_condemns_no_wafer(model: NoveltyModel) -> None:
    readings = make_wafers(20, seed=7).readings
    readings[:, RARE] = -1e6

    assert not _odd(model, readings).any()


def test_a_line_of_spikes_gets_a_wider_span(tmp_path: Path) -> None:
    wafers = make_wafers(600, seed=8)
    spikes = wafers.readings.copy()
    spikes[np.arange(0, 600, 30), np.arange(20)] += 200.0  # a sensor each: the other wafers never showed it

    wider = learned(replace(wafers, readings=spikes), tmp_path)

    assert wider.ranges > 2.0


def test_a_saved_model_is_the_same_model(model: NoveltyModel, tmp_path: Path) -> None:
    model.save(tmp_path / NOVELTY)
    again = load_novelty(tmp_path / NOVELTY)
    readings = make_wafers(50, seed=9).readings[:, [SENSORS.index(name) for name in model.pattern.sensors]]

    np.testing.assert_array_equal(again.pattern.oddness(readings), model.pattern.oddness(readings))
    assert (again.ranges, again.residual, again.spans.sensors) == (model.ranges, model.residual, SENSORS)
