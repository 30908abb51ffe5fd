"""How sure a difference of two models is."""

import numpy as np
import numpy.typing as npt
import pytest

from wafer.evaluation.intervals import PAIRED_RESAMPLES, Interval, auc_gain, auc_gain_interval, bootstrap, exact_rate
from wafer.evaluation.metrics import measure, roc_auc

Floats = npt.NDArray[np.float64]


def models(seed: int, wafers: int = 600, decimals: int = 6) -> tuple[npt.NDArray[np.bool_], Floats, Floats]:
    """Outcomes, scores of a good model and of a worse one; few decimals make ties."""
    random = np.random.default_rng(seed)
    failed = np.arange(wafers) % 10 == 0
    shared = failed + random.normal(size=wafers)
    return failed, shared.round(decimals), (shared + random.normal(size=wafers)).round(decimals)


def pair_by_pair(failed: npt.NDArray[np.bool_], first: Floats, second: Floats, seed: int) -> tuple[float, float]:
    """The interval by its definition: a matrix of every failing wafer against every passing one."""
    random = np.random.default_rng(seed)
    won = [np.sign(scores[failed][:, None] - scores[~failed][None, :]) / 2 + 0.5 for scores in (first, second)]
    gain = won[0] - won[1]
    draws = [random.multinomial(count, np.full(count, 1 / count), PAIRED_RESAMPLES) for count in gain.shape]
    low, high = np.quantile(((draws[0] @ gain) * draws[1]).sum(axis=1) / gain.size, (0.05, 0.95))
    return float(low), float(high)


@pytest.mark.parametrize("decimals", [6, 1, 0])
@pytest.mark.parametrize("seed", range(3))
def test_counting_by_rank_gives_the_interval_of_the_definition(seed: int, decimals: int) -> None:
    failed, first, second = models(seed, wafers=200, decimals=decimals)

    found = auc_gain_interval(failed, first, second, seed=seed)

    assert (found.low, found.high) == pytest.approx(pair_by_pair(failed, first, second, seed), abs=1e-12)


def test_memory_is_bounded_without_changing_the_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    failed, first, second = models(0)
    at_once = auc_gain_interval(failed, first, second)

    monkeypatch.setattr("wafer.evaluation.intervals._CELLS", 7 * 540)

    assert auc_gain_interval(failed, first, second) == at_once


def test_the_interval_covers_the_difference_and_is_the_same_every_time() -> None:
    failed, first, second = models(1)

    found = auc_gain_interval(failed, first, second)

    assert found.low < roc_auc(failed, first) - roc_auc(failed, second) < found.high
    assert auc_gain_interval(failed, first, second) == found


@pytest.mark.parametrize("seed", range(3))
def test_a_model_against_itself_differs_by_nothing(seed: int) -> None:
    failed, scores, _ = models(seed)

    found = auc_gain_interval(failed, scores, scores, seed=seed)

    assert (found.low, found.high) == (0.0, 0.0)


@pytest.mark.slow  # thousands of resamplings
def test_resampling_and_the_closed_form_agree_on_a_large_drop() -> None:
    failed, first, second = models(2, wafers=3000)

    found = auc_gain_interval(failed, first, second)

    gain, error = auc_gain(failed, first, second)
    assert (found.low, found.high) == pytest.approx((gain - 1.645 * error, gain + 1.645 * error), abs=0.2 * error)


@pytest.mark.slow  # a hundred thousand wafers
def test_beyond_many_wafers_the_closed_form_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    failed, first, second = models(2, wafers=3000)
    resampled = auc_gain_interval(failed, first, second)
    monkeypatch.setattr("wafer.evaluation.intervals.MOST_RESAMPLED", 2999)

    found = auc_gain_interval(failed, first, second)

    assert (found.low, found.high) == pytest.approx((resampled.low, resampled.high), abs=0.01)
    assert found != resampled


def test_each_figure_lies_in_its_interval() -> None:
    failed, scores, _ = models(3)
    quality = measure(failed, scores, scores > 1.5)

    found = bootstrap(failed, scores)

    assert found.auc.low < quality.auc < found.auc.high
    assert found.pr_auc.low < quality.pr_auc < found.pr_auc.high
    assert found.recall_at_10.low <= quality.recall_at_10 <= found.recall_at_10.high


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 20, 0.0, 0.139108), (5, 56, 0.035843, 0.178609), (10, 100, 0.055263, 0.163718), (7, 7, 0.651836, 1.0)],
)
def test_the_interval_of_a_rate_is_that_of_clopper_and_pearson(hits: int, of: int, low: float, high: float) -> None:
    found = exact_rate(hits, of)

    assert found.low == pytest.approx(low, abs=1e-6)
    assert found.high == pytest.approx(high, abs=1e-6)


def test_nothing_counted_says_nothing_of_a_rate() -> None:
    assert exact_rate(0, 0) == Interval(0.0, 1.0)
