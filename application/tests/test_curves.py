"""What a false-alarm budget would mean for a set of wafers never says more than the set's own flags."""

import numpy as np
import pytest

from application.api.curves import BUDGETS, Scores, budget_of
from wafer.evaluation.held_out import Flagged
from wafer.model.out_of_fold import OutcomeCounts


def rows(passes: int, failures: int, seed: int = 3) -> OutcomeCounts:
    random = np.random.default_rng(seed)
    at = np.arange(101) / 100
    drawn = [
        np.bincount(np.clip(random.normal(middle, 10, count), 0, 100).astype(int), minlength=101)
        for middle, count in ((10, passes), (30, failures))
    ]
    return OutcomeCounts(at, *drawn)


@pytest.mark.parametrize("flagged", [0, 1, 113])
def test_false_alarms_are_a_share_of_the_flagged_wafers(flagged: int) -> None:
    known = rows(900, 100)

    for budget in BUDGETS:
        found = budget_of(
            known, budget, Scores(np.array([1.0] * flagged + [0.0] * 50), np.array([])), known.threshold(budget)
        )
        assert found.flagged == flagged
        assert found.false_alarms is not None
        assert 0 <= found.false_alarms.low <= found.false_alarms.expected <= found.false_alarms.high <= flagged


def test_too_few_flagged_wafers_out_of_fold_tell_nothing() -> None:
    known = rows(60, 4)

    found = budget_of(known, 0.01, Scores(np.array([1.0, 0.0]), np.array([])), known.threshold(0.01))

    assert (found.flagged, found.false_alarms) == (1, None)


def test_what_is_known_of_flagged_wafers_is_counted_and_the_others_are_estimated() -> None:
    scores = Scores(np.array([0.9] * 20 + [0.1] * 80), np.array([]), np.array([0.9, 0.9, 0.1]), np.array([0.9, np.nan]))

    found = budget_of(rows(900, 100), 0.1, scores, 0.5, Flagged(10, 20, 30, 300))

    assert (found.measured, found.recall, found.flagged) == ("later files", 0.5, 20)
    assert (found.known, found.known_false_alarms) == (3, 2)
    assert found.false_alarms is not None
    assert found.false_alarms.expected == pytest.approx(2 + 17 * 30 / 40, abs=0.1)
    assert 2 <= found.false_alarms.low < found.false_alarms.expected < found.false_alarms.high <= 19
    assert found.recall_low < 0.5 < found.recall_high


def test_a_wafer_to_inspect_is_flagged_at_no_threshold() -> None:
    scores = Scores(np.array([0.9, 0.8, 0.2, np.nan]), np.array([0.8, np.nan]))

    assert [scores.flagged(threshold) for threshold in (0.95, 0.85, 0.5, 0.0)] == [0, 1, 1, 2]
    assert scores.unlike == 2
