"""A sensor that left its range is named in a lot of 25, and a line as in training names none."""

import numpy as np
import pytest
from scipy import stats

from wafer.evaluation.left_range import LeftRange, Ranges, chance_of
from wafer.model.statistics import SensorStatistics, sensor_statistics

SENSORS = tuple(f"Sensor - {number}" for number in range(1, 41))
TRAINED = 600


def line(rng: np.random.Generator, wafers: int) -> np.ndarray:
    """Readings of sensors that differ in kind: bell-shaped, skewed, with few values, constant, often silent."""
    readings = rng.normal(size=(wafers, len(SENSORS)))
    readings[:, 10:20] = rng.exponential(size=(wafers, 10))
    readings[:, 20:25] = rng.integers(0, 4, size=(wafers, 5))
    readings[:, 25] = 7.0
    readings[:, 30:35][rng.random((wafers, 5)) < 0.5] = np.nan
    return readings


def left(statistics: SensorStatistics, *lots: np.ndarray) -> tuple[LeftRange, ...]:
    ranges = Ranges(statistics)
    for lot in lots:
        ranges.count(lot)
    return ranges.left()


@pytest.fixture(scope="module")
def trained() -> SensorStatistics:
    rng = np.random.default_rng(1)
    return sensor_statistics(SENSORS, line(rng, TRAINED), np.zeros(TRAINED, dtype=bool))


@pytest.mark.parametrize(
    ("outside", "readings", "beyond", "training"), [(3, 25, 0, 600), (9, 25, 30, 600), (0, 5, 2, 40)]
)
def test_the_chance_is_the_tail_of_a_beta_binomial_distribution(
    outside: int, readings: int, beyond: int, training: int
) -> None:
    tail = stats.betabinom(readings, beyond + 1, training - beyond).sf(outside - 1)

    assert chance_of(outside, readings, beyond, training) == pytest.approx(tail, rel=1e-6)


def test_a_line_as_in_training_names_a_sensor_in_few_lots(trained: SensorStatistics) -> None:
    rng = np.random.default_rng(2)

    named = sum(bool(left(trained, line(rng, 25))) for _ in range(200))

    assert named <= 6  # 2 are expected at most


@pytest.mark.parametrize(("sensor", "by"), [(3, 4.0), (3, -4.0), (12, 6.0), (25, 0.5), (25, -0.5)])
def test_a_sensor_that_left_its_range_is_named_in_a_lot_of_25(
    sensor: int, by: float, trained: SensorStatistics
) -> None:
    lot = line(np.random.default_rng(3), 25)
    lot[:, sensor] += by

    (found,) = left(trained, lot[:10], lot[10:])

    assert (found.sensor, found.side) == (SENSORS[sensor], "above" if by > 0 else "below")
    assert found.outside > 2
    assert found.readings == 25
    assert f"{found.outside} of 25 readings" in found.text()


def test_three_wafers_of_25_beyond_every_training_reading_are_enough(trained: SensorStatistics) -> None:
    lot = line(np.random.default_rng(4), 25)
    lot[:3, 5] = 40.0

    (found,) = left(trained, lot)

    assert (found.sensor, found.outside, found.usual) == (SENSORS[5], 3, False)
