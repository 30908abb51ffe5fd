"""Where a reading lies among those of the training wafers."""

import numpy as np
import pytest

from wafer.model.statistics import SensorStatistics, StatisticsFile, sensor_statistics


@pytest.fixture
def statistics() -> SensorStatistics:
    """One sensor reads 0 to 100 on passing and 50 to 150 on failing wafers, one mostly the same, one nothing."""
    spread = np.concatenate([np.linspace(0, 100, 101), np.linspace(50, 150, 101)])
    same = np.where(np.arange(202) % 101 < 61, 7.0, 7.0 + np.arange(202))
    silent = np.full(202, np.nan)
    return sensor_statistics(
        ("spread", "same", "silent"), np.stack([spread, same, silent], axis=1), np.arange(202) > 100
    )


@pytest.mark.parametrize(
    ("value", "passing", "failing"), [(-5, 0, 0), (0, 0, 0), (75, 0.75, 0.25), (120, 1, 0.7), (150, 1, 1), (1e9, 1, 1)]
)
def test_a_reading_is_compared_with_passing_and_failing_wafers(
    statistics: SensorStatistics, value: float, passing: float, failing: float
) -> None:
    assert statistics.above("spread", value) == pytest.approx((passing, failing))


def test_of_wafers_that_read_the_same_half_count(statistics: SensorStatistics) -> None:
    assert statistics.above("same", 7.0)[0] == pytest.approx(0.3, abs=0.05)
    assert statistics.above("same", 7.1)[0] == pytest.approx(0.6, abs=0.1)


def test_nothing_is_told_of_a_reading_nobody_can_compare(statistics: SensorStatistics) -> None:
    assert statistics.above("silent", 1.0) == (None, None)
    assert statistics.above("spread", np.nan) == (None, None)


def test_what_was_written_compares_as_before(statistics: SensorStatistics) -> None:
    again = StatisticsFile.of(statistics).statistics

    assert again.above("spread", 75.0) == statistics.above("spread", 75.0)
    assert again.above("silent", 75.0) == (None, None)
