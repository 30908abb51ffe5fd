"""Drift is told when the line has moved, and not when only the sample is small."""

import numpy as np
import pytest

from wafer.evaluation.drift import Drift, SensorDrift, level_of, stability

RANDOM = np.random.default_rng(4)
DECILES = np.arange(1, 10) / 10


def moved_by(now: np.ndarray, then: np.ndarray) -> float:
    """The index of a sensor with these readings now and in training."""
    deciles, spoken = np.quantile(then, DECILES), now[~np.isnan(now)]
    below = np.array([(spoken <= decile).sum() for decile in deciles])
    return stability(below, len(spoken), deciles, np.array([(then <= decile).mean() for decile in deciles]))


def test_an_unmoved_sensor_is_stable_and_a_moved_one_is_not() -> None:
    then = RANDOM.normal(10, 2, 2000)

    assert moved_by(RANDOM.normal(10, 2, 500), then) < 0.1
    assert moved_by(RANDOM.normal(12, 2, 500), then) > 0.25


def test_a_sensor_with_few_values_is_stable_while_its_shares_stay() -> None:
    then = RANDOM.choice([0.0, 1.0, 5.0], 3000, p=[0.6, 0.3, 0.1])

    assert moved_by(RANDOM.choice([0.0, 1.0, 5.0], 800, p=[0.6, 0.3, 0.1]), then) < 0.1
    assert moved_by(RANDOM.choice([0.0, 1.0, 5.0], 800, p=[0.2, 0.3, 0.5]), then) > 0.25


def test_missing_readings_do_not_move_a_sensor() -> None:
    then = RANDOM.normal(0, 1, 2000)
    now = RANDOM.normal(0, 1, 600)
    now[::3] = np.nan

    assert moved_by(now, then) < 0.1
    assert moved_by(np.full(10, np.nan), then) == 0.0


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e9])
def test_the_unit_of_a_sensor_does_not_matter(scale: float) -> None:
    then, now = RANDOM.normal(3, 1, 1000), RANDOM.normal(3.4, 1, 1000)

    assert moved_by(now * scale, then * scale) == pytest.approx(moved_by(now, then))


def drift(stabilities: list[float], *, wafers: int = 1000, silent: tuple[str, ...] = (), unlike: float = 0.0) -> Drift:
    sensors = tuple(SensorDrift(f"Sensor - {n}", value, 0.0, 0.0) for n, value in enumerate(stabilities))
    return Drift(wafers, sensors, silent, unlike)


def test_a_line_as_in_training_gives_no_warning() -> None:
    assert drift([0.05] * 100).warnings() == []
    assert drift([0.9] * 5 + [0.05] * 95).warnings() == []


@pytest.mark.parametrize(
    ("moved", "says"),
    [
        (drift([0.9] * 30 + [0.05] * 70), "train again"),
        (drift([0.05] * 100, silent=("Sensor - 7",)), "Sensor - 7"),
        (drift([0.05] * 100, unlike=0.2), "20 %"),
    ],
    ids=["moved", "silent", "unlike"],
)
def test_a_line_that_moved_is_told_with_what_to_do(moved: Drift, says: str) -> None:
    (warning,) = moved.warnings()

    assert says in warning
    assert warning.endswith(".")


def test_the_scatter_of_a_small_batch_is_not_taken_for_drift() -> None:
    then = RANDOM.normal(0, 1, 5000)
    stabilities = [moved_by(RANDOM.normal(0, 1, 60), then) for _ in range(200)]

    assert drift(stabilities, wafers=60).warnings() == []


def level_by(now: np.ndarray, then: np.ndarray) -> float | None:
    """The level of a sensor with these readings now and in training."""
    deciles = np.quantile(then, DECILES)
    below = np.array([(now <= decile).sum() for decile in deciles])
    return level_of(below, len(now), deciles, np.array([(then <= decile).mean() for decile in deciles]))


def test_the_level_says_where_the_median_lies_among_the_training_wafers() -> None:
    then = RANDOM.normal(10, 2, 2000)

    assert level_by(RANDOM.normal(10, 2, 2000), then) == pytest.approx(0.5, abs=0.04)
    assert level_by(RANDOM.normal(12, 2, 2000), then) == pytest.approx(0.84, abs=0.04)
    assert level_by(np.full(9, 99.0), then) == pytest.approx(0.95, abs=0.06)
    assert level_by(np.empty(0), then) is None


def test_a_sensor_with_few_values_keeps_its_level_while_its_shares_stay() -> None:
    then = RANDOM.choice([0.0, 1.0], 3000, p=[0.8, 0.2])

    assert level_by(RANDOM.choice([0.0, 1.0], 800, p=[0.8, 0.2]), then) == pytest.approx(0.5, abs=0.04)
