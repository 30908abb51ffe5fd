"""Figures, calibration and thresholds: checked against scikit-learn and against their own definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from wafer.evaluation.curve import curve_of
from wafer.evaluation.intervals import auc_gain
from wafer.evaluation.metrics import (
    balanced_error_rate,
    brier_skill,
    measure,
    roc_auc,
)
from wafer.model.calibration import STEP, fit_calibration, probability_of, threshold_for

QUICK = settings(max_examples=60, deadline=None)
LABELLED = st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=4, max_size=60).filter(
    lambda rows: len({failed for failed, _ in rows}) == 2
)


def _split(rows: list[tuple[bool, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([failed for failed, _ in rows]), np.array([score / 12 for _, score in rows])


@QUICK
@given(rows=LABELLED)
def test_areas_agree_with_scikit_learn_ties_included(rows: list[tuple[bool, int]]) -> None:
    failed, scores = _split(rows)

    assert roc_auc(failed, scores) == pytest.approx(roc_auc_score(failed, scores))
    assert curve_of(failed, scores).average_precision == pytest.approx(average_precision_score(failed, scores))


@QUICK
@given(rows=LABELLED, budget=st.floats(0, 1))
def test_a_threshold_keeps_the_budget_and_wastes_none_of_it(rows: list[tuple[bool, int]], budget: float) -> None:
    failed, scores = _split(rows)
    scores = np.round(scores, 6)

    threshold = threshold_for(budget, scores, failed)

    assert (scores[~failed] >= threshold).mean() <= budget + 1e-9
    looser = scores[~failed & (scores < threshold)]
    if len(looser):
        assert (scores[~failed] >= looser.max()).mean() > budget - 1e-9


@QUICK
@given(rows=LABELLED, budgets=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_a_larger_budget_never_gives_a_higher_threshold(
    rows: list[tuple[bool, int]], budgets: tuple[float, float]
) -> None:
    failed, scores = _split(rows)
    small, large = sorted(budgets)

    assert threshold_for(large, scores, failed) <= threshold_for(small, scores, failed)


@QUICK
@given(rows=LABELLED)
def test_calibration_keeps_the_order_of_the_scores(rows: list[tuple[bool, int]]) -> None:
    failed, scores = _split(rows)

    calibration = fit_calibration(scores, failed)

    assert calibration.slope > 0
    assert np.isfinite([calibration.slope, calibration.intercept]).all()


def test_calibrated_probabilities_mean_what_they_say() -> None:
    rng = np.random.default_rng(0)
    truth = 1 / (1 + np.exp(-rng.normal(-2.5, 1.0, 20_000)))
    failed = rng.random(20_000) < truth
    scores = 7.0 * np.log(truth / (1 - truth)) + 40.0

    probability = probability_of(fit_calibration(scores, failed).log_odds(scores))

    assert probability.mean() == pytest.approx(failed.mean(), abs=2e-3)
    assert np.abs(probability - truth).mean() < 0.01


def test_scores_that_know_nothing_give_everybody_the_failure_rate() -> None:
    failed = np.arange(200) % 10 == 0
    scores = np.where(failed, -1.0, 1.0) + np.linspace(0, 0.1, 200)

    probability = probability_of(fit_calibration(scores, failed).log_odds(scores))

    assert np.ptp(probability) < 0.01
    assert probability.mean() == pytest.approx(0.1, abs=0.01)


def test_probabilities_live_on_the_grid_that_files_are_written_with() -> None:
    probability = probability_of(np.linspace(-50, 50, 1001))

    assert [float(f"{p:.6f}") for p in probability] == probability.tolist()
    assert probability.min() >= 0
    assert probability.max() <= 1
    assert pytest.approx(1e-6) == STEP


@QUICK
@given(rows=LABELLED, seed=st.integers(0, 99))
def test_the_gain_of_a_challenger_is_the_difference_of_the_areas(rows: list[tuple[bool, int]], seed: int) -> None:
    failed, scores = _split(rows)
    failed, scores = np.tile(failed, 2), np.tile(scores, 2)
    other = np.random.default_rng(seed).permutation(scores)

    gain, error = auc_gain(failed, other, scores)

    assert gain == pytest.approx(roc_auc(failed, other) - roc_auc(failed, scores))
    assert error >= 0
    assert auc_gain(failed, scores, scores) == (0, 0)


def test_the_error_of_a_gain_is_what_repeated_drops_show() -> None:
    rng = np.random.default_rng(0)
    failed = np.arange(400) < 60
    draws = []
    for _ in range(300):
        shared = rng.normal(size=400) + failed
        draws.append(auc_gain(failed, shared + rng.normal(size=400), shared + 1.5 * rng.normal(size=400)))

    gains, errors = np.array(draws).T

    assert gains.std() == pytest.approx(errors.mean(), rel=0.15)


def test_flagging_nothing_has_a_balanced_error_of_one_half() -> None:
    failed = np.arange(100) < 6

    quality = measure(failed, np.full(100, 0.06), np.zeros(100, bool))

    assert quality.ber == 0.5
    assert quality.recall == 0
    assert quality.auc == 0.5
    assert quality.brier_skill == pytest.approx(0)


def test_a_perfect_ranking_reaches_every_ceiling() -> None:
    failed = np.arange(100) < 6
    scores = failed.astype(np.float64)

    curve = curve_of(failed, scores)

    assert roc_auc(failed, scores) == curve.auc == curve.average_precision == 1
    assert curve.recall_within(0.0) == 1
    assert curve.lowest_balanced_error_rate == balanced_error_rate(failed, scores > 0.5) == 0
    assert brier_skill(failed, scores) == 1
