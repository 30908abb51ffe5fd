"""Holding out stretches of consecutive wafers shows skill that only neighbours lend."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from model_training.fits import Fits
from model_training.stretches import begin_stretches, in_time
from wafer.engine import Inline
from wafer.evaluation.metrics import roc_auc
from wafer.model.recipe import Recipe
from wafer.model.training_set import deal_folds, training_set
from wafer.wafers.arrays import Wafers

RECIPE = Recipe()


def line(readings: np.ndarray, failed: np.ndarray) -> Wafers:
    names = tuple(f"Wafer-{number}" for number in range(1, len(failed) + 1))
    return Wafers(names, names, names, ("Sensor - 1", "Sensor - 2"), readings, failed)


Measured = Callable[[Wafers], float | None]


@pytest.fixture
def measured(fits: Fits) -> Measured:
    def measure(wafers: Wafers) -> float | None:
        assert wafers.failed is not None
        table = fits.features(*wafers.readings.shape)
        table[:] = wafers.readings
        training = training_set(table, wafers.failed, deal_folds(wafers.failed, RECIPE.folds))
        auc = begin_stretches(fits, in_time(pa.chunked_array([list(wafers.names)])), training, RECIPE)
        fits.run(Inline(1), "steps")
        return auc()

    return measure


def test_skill_that_rests_on_the_sensors_stays(measured: Measured) -> None:
    random = np.random.default_rng(1)
    failed = random.random(400) < 0.2
    readings = np.column_stack([failed * 3 + random.normal(0, 1, 400), random.normal(0, 1, 400)])

    assert (measured(line(readings, failed)) or 0) > 0.9


def test_skill_that_rests_on_the_week_goes(measured: Measured) -> None:
    random = np.random.default_rng(2)
    week = np.arange(400) // 20
    failed = random.random(400) < np.where(random.random(20) < 0.3, 0.6, 0.02)[week]
    readings = np.column_stack([random.normal(0, 1, 20)[week], random.normal(0, 1, 400)])  # the sensor tells the week

    assert roc_auc(failed, np.array([failed[week == each].mean() for each in week])) > 0.8
    assert (measured(line(readings, failed)) or 0) < 0.7


def test_the_order_of_the_rows_does_not_matter(measured: Measured) -> None:
    random = np.random.default_rng(3)
    failed = random.random(200) < 0.2
    wafers = line(random.normal(0, 1, (200, 2)) + failed[:, None], failed)

    assert measured(wafers) == pytest.approx(measured(wafers.rows(random.permutation(200))), abs=0.05)


def test_failures_that_all_lie_in_one_stretch_cannot_be_judged(measured: Measured) -> None:
    random = np.random.default_rng(4)

    assert measured(line(random.normal(0, 1, (200, 2)), np.arange(200) < 30)) is None
