"""The p-chart marks what chance does not explain, for lots of any size."""

import pytest
from scipy.stats import binom

from wafer.evaluation.control_chart import Counted, limits, p_chart


@pytest.mark.parametrize(("of", "rate"), [(1, 0.1), (25, 0.02), (25, 0.06), (200, 0.06), (25, 0.9), (50_000, 0.06)])
def test_limits_leave_out_what_chance_does_once_in_seven_hundred_times(of: int, rate: float) -> None:
    least, most = limits(of, rate)

    assert binom.sf(most, of, rate) <= 0.00135 < binom.sf(most - 1, of, rate)
    assert binom.cdf(least - 1, of, rate) <= 0.00135 < binom.cdf(least, of, rate)


def test_the_centre_line_is_the_pooled_rate_and_not_the_mean_of_the_lots() -> None:
    chart = p_chart([Counted(10, 100), Counted(0, 25)])

    assert chart.centre == 0.08
    assert [point.rate for point in chart.points] == [0.1, 0.0]


def test_a_lot_with_too_many_or_too_few_is_an_excursion() -> None:
    chart = p_chart([*[Counted(10, 100)] * 9, Counted(35, 100), Counted(0, 100), Counted(1, 2)])

    signals = [point.signals for point in chart.points]
    assert signals == [()] * 9 + [("above",), ("below",), ()]
    assert chart.points[9].high < 0.35


def test_a_small_lot_has_wider_limits() -> None:
    small, large = p_chart([Counted(2, 20), Counted(100, 1000)]).points

    assert small.high - small.low > large.high - large.low > 0


def test_eight_lots_in_a_row_above_the_centre_are_marked_from_the_eighth_on() -> None:
    higher = [Counted(12, 100)] * 4 + [Counted(0, 0)] + [Counted(12, 100)] * 5
    chart = p_chart([*[Counted(8, 100)] * 9, *higher])

    assert [point.signals for point in chart.points[-3:]] == [(), ("run above",), ("run above",)]


def test_where_nothing_was_counted_nothing_is_told() -> None:
    nothing = p_chart([Counted(0, 0)])
    never = p_chart([Counted(0, 25), Counted(0, 0)])

    assert (nothing.centre, nothing.points[0].rate, nothing.points[0].signals) == (None, None, ())
    assert (never.centre, never.points[0].high, never.points[0].signals) == (0.0, 0.0, ())
