"""The scorecard says what came of a promise, and says so only where enough wafers tell."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import roc_auc_score

from wafer.evaluation.intervals import exact_share
from wafer.evaluation.promised import PromisedRanking
from wafer.evaluation.scorecard import Judged, scorecard, standing
from wafer.outcomes.judged import judged, side_by_side
from wafer.outcomes.matched import SCHEMA


def some(passes: int, misled: int, failures: int = 0, found: int = 0, *, budget: float = 0.1) -> Judged:
    """So many wafers, the flagged ones at the upper end."""
    failed = np.repeat([False, True], [passes, failures])
    flagged = np.concatenate([np.arange(passes) < misled, np.arange(failures) < found])
    count = passes + failures
    moments = np.full(count, np.datetime64("2026-03-04T10:00", "ms"))
    return Judged(
        moments,
        np.where(flagged, 0.6, 0.2),
        flagged,
        failed,
        np.full(count, budget),
        np.zeros(count, bool),
        np.full(count, "r"),
    )


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 10, 0.0, 0.25887), (10, 10, 0.74113, 1.0), (3, 20, 0.04217, 0.34366), (10, 100, 0.05526, 0.16372)],
)
def test_the_interval_of_a_share_is_that_of_clopper_and_pearson(count: int, of: int, low: float, high: float) -> None:
    found = exact_share(count, of)

    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-5)


def test_the_interval_of_a_share_holds_for_very_many_wafers() -> None:
    found = exact_share(20_000, 200_000)

    assert found.low == pytest.approx(0.1 - 1.645 * np.sqrt(0.09 / 200_000), abs=1e-5)
    assert found.low < 0.1 < found.high


@pytest.mark.parametrize(
    ("passes", "misled", "expected"),
    [
        (0, 0, "too few to say"),
        (20, 2, "too few to say"),
        (20, 12, "broken"),
        (300, 30, "kept"),
        (300, 3, "kept"),
        (300, 60, "broken"),
    ],
)
def test_a_promise_is_kept_or_broken_only_where_the_wafers_say_so(passes: int, misled: int, expected: str) -> None:
    assert standing("", some(passes, misled, 5, 2)).statement == expected


def by_rank(failures: int, flipped: float, seed: int = 0) -> Judged:
    """Wafers of a model with an AUC of some .76, a tenth flagged, and a share of their outcomes wrong."""
    random = np.random.default_rng(seed)
    failed = np.arange(failures * 16) < failures
    score = 1 / (1 + np.exp(2 - random.normal(failed * 1.0, 1.0)))
    judged = some(failures * 15, 0, failures)
    flagged = score >= np.quantile(score, 0.9)
    return replace(judged, probability=score, flagged=flagged, failed=failed ^ (random.random(len(failed)) < flipped))


def test_wrong_outcomes_break_the_promised_ranking_where_the_budget_by_rank_is_kept() -> None:
    promised = PromisedRanking.of(0.76, failures=60, passes=900)

    sound, wrong = (standing("", by_rank(60, flipped), promised) for flipped in (0.0, 0.3))

    assert (sound.statement, sound.ranking, sound.broken) == ("kept", "kept", False)
    assert (wrong.statement, wrong.ranking, wrong.broken) == ("kept", "broken", True)
    assert wrong.auc is not None
    assert wrong.least_auc is not None
    assert wrong.promised_auc == 0.76
    assert 0.5 < wrong.auc.value < wrong.least_auc < 0.76


@pytest.mark.parametrize(("failures", "expected"), [(3, "too few to say"), (6, "too few to say"), (60, "kept")])
def test_a_ranking_is_kept_only_where_one_by_chance_would_be_seen(failures: int, expected: str) -> None:
    weak = PromisedRanking.of(0.64, failures=52, passes=885)

    assert standing("", by_rank(failures, 0.0), weak).ranking == expected


def test_a_version_that_was_never_tested_forward_promises_no_ranking() -> None:
    found = standing("", by_rank(60, 0.3))

    assert (found.ranking, found.promised_auc, found.least_auc) == (None, None, None)


def test_figures_are_those_of_the_wafers() -> None:
    found = standing("2026-03", some(200, 10, 10, 4))

    assert (found.wafers, found.failures, found.found, found.false_alarms) == (210, 10, 4, 10)
    assert found.recall is not None
    assert found.recall.value == 0.4
    assert found.budget == pytest.approx(0.1)
    assert found.expected_failures == pytest.approx(14 * 0.6 + 196 * 0.2)
    judged = some(200, 10, 10, 4)
    assert found.auc is not None
    assert found.auc.value == pytest.approx(roc_auc_score(judged.failed, judged.probability))
    assert found.auc.low < found.auc.value < found.auc.high


def test_an_auc_of_four_failing_wafers_is_not_told() -> None:
    assert standing("", some(100, 3, 4, 2)).auc is None


@pytest.mark.parametrize(
    ("unit", "names"),
    [
        ("day", ["undated", "2026-02-28", "2026-03-01", "2026-03-02"]),
        ("week", ["undated", "2026-02-23", "2026-03-02"]),
        ("month", ["undated", "2026-02", "2026-03"]),
    ],
)
def test_periods_are_those_of_the_calendar(unit: Any, names: list[str]) -> None:  # noqa: ANN401 - a literal
    moments = np.array(["NaT", "2026-02-28", "2026-03-01T23:59", "2026-03-02T00:00"], "datetime64[ms]")
    flags = np.zeros(4, bool)
    card = scorecard(3, Judged(moments, np.full(4, 0.1), flags, flags, np.full(4, 0.1), flags, np.full(4, "r")), unit)

    assert [each.period for each in card.periods] == names
    assert card.total.wafers == sum(each.wafers for each in card.periods) == 4


def test_the_runs_of_a_scorecard_come_in_the_order_of_their_batches() -> None:
    moments = np.array(["2026-03-05", "2026-03-02", "2026-03-02"], "datetime64[ms]")
    flags, runs = np.zeros(3, bool), np.array(["predict-1", "predict-3", "predict-2"])

    card = scorecard(3, Judged(moments, np.full(3, 0.1), flags, flags, np.full(3, 0.1), flags, runs), "run")

    assert [each.period for each in card.periods] == ["predict-2", "predict-3", "predict-1"]


def test_a_version_without_outcomes_has_an_empty_scorecard() -> None:
    card = scorecard(3, some(0, 0))

    assert (card.total.wafers, card.total.statement, card.periods, card.calibration) == (0, "too few to say", (), ())


def matched(*rows: dict[str, Any]) -> pa.Table:
    usual = {
        "prediction": "predict-1",
        "document": "d",
        "wafer": "A",
        "key": bytes(32),
        "file": "f.csv",
        "moment": datetime(2026, 3, 4),  # noqa: DTZ001 - taken as UTC
        "model_version": 1,
        "shadow": False,
        "verdict": "pass",
        "probability": 0.25,
        "threshold": 0.5,
        "in_training": False,
        "budget": 0.2,
        "failed": False,
        "received": "2026-03-09",
    }
    return pa.Table.from_pylist([usual | each for each in rows], SCHEMA)


def test_wafers_of_the_training_set_never_count() -> None:
    table = matched({}, {"wafer": "B", "in_training": True}, {"wafer": "C", "in_training": True, "failed": True})

    found, left_out = judged(table, 1, lambda: 0.1)

    assert (len(found), left_out) == (1, 2)


def test_a_wafer_that_was_predicted_twice_counts_once_as_first_predicted() -> None:
    table = matched(
        {"probability": 0.9, "verdict": "fail"},
        {"prediction": "predict-2", "probability": 0.1},
        {"prediction": "predict-2", "wafer": "B", "key": None, "document": "e"},
        {"prediction": "predict-3", "model_version": 2},
    )

    found, _ = judged(table, 1, lambda: 0.1)

    assert found.flagged.tolist() == [True, False]
    assert found.probability.tolist() == [0.9, 0.25]


def test_a_prediction_that_names_no_budget_has_the_version_s_own() -> None:
    found, _ = judged(matched({}, {"wafer": "B", "budget": None}), 1, lambda: 0.07)

    assert found.budget.tolist() == [0.2, 0.07]


def test_a_wafer_to_inspect_is_an_alarm_only_at_the_threshold() -> None:
    table = matched({"verdict": "inspect"}, {"wafer": "B", "verdict": "inspect", "probability": 0.5})

    found, _ = judged(table, 1, lambda: 0.1)

    assert (found.flagged.tolist(), found.inspected.tolist()) == ([False, True], [True, True])


def test_two_versions_are_compared_on_wafers_that_both_predicted_and_neither_knew() -> None:
    shadow = {"model_version": 2, "shadow": True, "budget": None, "threshold": 0.2}
    table = matched(
        {"wafer": "A", "document": "a"},
        {"wafer": "B", "document": "b"},
        {"wafer": "C", "document": "c"},
        {"wafer": "A", "document": "a", **shadow},
        {"wafer": "B", "document": "b", "in_training": True, **shadow},
        {"wafer": "D", "document": "d", "prediction": "predict-0", **shadow},
    )

    found = side_by_side(table, 1, {1: 0.1, 2: 0.3}.__getitem__)
    turned = side_by_side(table, 2, {1: 0.1, 2: 0.3}.__getitem__)

    assert found
    assert turned
    other, ours, theirs = found
    assert (other, turned[0]) == (2, 1)
    assert (ours.flagged.tolist(), theirs.flagged.tolist()) == ([False], [True])
    assert (ours.budget.tolist(), theirs.budget.tolist()) == ([0.2], [0.3])
    assert turned[1].flagged.tolist() == theirs.flagged.tolist()


def test_a_version_alone_is_compared_with_none() -> None:
    assert side_by_side(matched({}, {"wafer": "B"}), 1, lambda _: 0.1) is None


def test_a_period_without_passing_wafers_has_no_budget() -> None:
    assert standing("", some(0, 0, 4, 2)).budget is None
