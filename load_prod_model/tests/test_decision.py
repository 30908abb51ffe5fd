"""A model that knows nothing never reaches production; one that knows something does."""

import json
from dataclasses import replace

import numpy as np
import pytest

from load_prod_model.stage import decide, floors
from load_prod_model.tests.qualities import GOOD
from wafer.evaluation.decision import PromotionDecision
from wafer.evaluation.intervals import auc_standard_error
from wafer.evaluation.metrics import measure, roc_auc
from wafer.evaluation.quality import Quality


def test_a_model_above_every_floor_is_promoted_when_none_is_in_production() -> None:
    decision = decide(GOOD, None)

    assert decision.promoted
    assert all(floor.passed for floor in decision.floors)


@pytest.mark.parametrize(
    "worse",
    [
        replace(GOOD, auc=0.53),
        replace(GOOD, pr_auc=0.06),
        replace(GOOD, recall=0.0, false_alarm_rate=0.0),
    ],
    ids=["auc", "pr-auc", "no-flags"],
)
def test_a_model_below_one_floor_stays_out_and_the_reason_names_it(worse: Quality) -> None:
    decision = decide(worse, None)

    (failed,) = (floor for floor in decision.floors if not floor.passed)
    assert not decision.promoted
    assert failed.name in decision.reason


def test_a_decision_written_before_it_told_what_it_rests_on_is_still_read() -> None:
    comparison = {"champion_version": 1, "wafers": 600, "failures": 60, "champion_auc": 0.7, "challenger_auc": 0.72}
    comparison |= {"low": -0.01, "high": 0.05, "missing": 0, "added": 100, "relabelled": 0, "difference": 0.02}
    text = {"run_id": "r", "model_version": 2, "digest": "d", "promoted": True, "reason": "It is.", "floors": []}
    text |= {"comparison": comparison, "metrics": GOOD.to_json(), "wafers": 700, "failures": 60, "after_promotion": 1}

    found = PromotionDecision.from_json(json.dumps(text))

    assert (found.mode, found.waits, found.near_copies) == ("auto", False, 0)
    assert found.comparison
    assert (found.comparison.evidence, found.comparison.fall) == ("out_of_fold", None)
    assert PromotionDecision.from_json(found.to_json()) == found


def test_scores_drawn_at_random_pass_the_floors_about_once_in_twenty_times_at_most() -> None:
    random = np.random.default_rng(5)
    failed = np.arange(1137) < 67

    passed = 0
    for _ in range(400):
        scores = random.random(1137)
        passed += all(floor.passed for floor in floors(measure(failed, scores, scores > np.quantile(scores, 0.9))))

    assert passed <= 400 * 0.05 * 1.6


def test_the_standard_error_is_how_much_the_auc_scatters() -> None:
    random = np.random.default_rng(6)
    failures, passes, scale = (
        60,
        600,
        2.5,
    )  # exponential scores, for which the formula is exact: AUC = scale / (1 + scale)

    areas = []
    for _ in range(1500):
        scores = np.append(random.exponential(scale, failures), random.exponential(1.0, passes))
        areas.append(roc_auc(np.arange(failures + passes) < failures, scores))

    assert float(np.std(areas)) == pytest.approx(auc_standard_error(scale / (1 + scale), failures, passes), rel=0.08)


@pytest.mark.parametrize("rate", [0.05, 0.5, 0.7, 0.85, 0.99])
def test_a_perfect_model_passes_the_floors_however_many_wafers_fail(rate: float) -> None:
    failed = np.arange(1000) < 1000 * rate

    assert all(floor.passed for floor in floors(measure(failed, failed.astype(float), failed)))
