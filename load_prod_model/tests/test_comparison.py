"""Champion against challenger on the same wafers, with scores that neither model was fitted on."""

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from load_prod_model.comparison import compare
from load_prod_model.contestant import Contestant
from load_prod_model.near_copies import near_copies
from load_prod_model.stage import decide
from load_prod_model.tests.qualities import GOOD
from wafer.evaluation.decision import Comparison
from wafer.model import ModelBundle, OutOfFold, Wafers, content_keys
from wafer.model.out_of_fold import InTime, joined


@dataclass(frozen=True)
class Probabilities:
    probability: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Model:
    """A model by hand: what it learned from, and an answer for every other wafer.

    `memorised` is what it would answer for a wafer it knows, and what a comparison must never use.
    """

    learned: npt.NDArray[np.bytes_]
    skill: float

    def score(self, wafers: Wafers) -> Probabilities:
        assert not np.isin(content_keys(wafers), self.learned).any(), "scored directly, although it was learned from"
        return Probabilities(self.skill * wafers.readings[:, 0] + wafers.readings[:, 1])


def line(count: int = 600, seed: int = 1) -> tuple[Wafers, npt.NDArray[np.bool_]]:
    """Wafers whose first sensor tells failures apart and whose second is noise."""
    random = np.random.default_rng(seed)
    failed = np.arange(count) % 10 == 0
    readings = np.column_stack([failed + random.normal(0, 1, count), random.normal(0, 1, count)])
    names = tuple(f"Wafer-{seed}-{number}" for number in range(count))
    return Wafers(names, names, names, ("Sensor - 1", "Sensor - 2"), readings), failed


def trained(wafers: Wafers, failed: npt.NDArray[np.bool_], skill: float) -> Contestant:
    scores = skill * wafers.readings[:, 0] + wafers.readings[:, 1]
    keys, names = content_keys(wafers), pa.array(wafers.names)
    untested = InTime.unknown(len(wafers))
    rows = joined([OutOfFold(keys, names, names, np.zeros(len(wafers), np.int64), failed, scores, untested)])
    return Contestant(cast("ModelBundle", Model(keys, skill)), rows, 0.1)


def promoted(found: Comparison) -> bool:
    return decide(GOOD, found.champion_version, found).promoted


def test_a_better_challenger_on_the_same_wafers_is_promoted() -> None:
    wafers, failed = line()

    found = compare(trained(wafers, failed, 3.0), trained(wafers, failed, 0.2), 1, [wafers])

    assert (found.wafers, found.failures, found.missing, found.added) == (600, 60, 0, 0)
    assert found.low > 0
    assert promoted(found)


def test_a_worse_challenger_loses_however_much_it_learned_from() -> None:
    wafers, failed = line()
    half = np.arange(300)

    found = compare(trained(wafers, failed, 0.2), trained(wafers.rows(half), failed[half], 3.0), 1, [wafers])

    assert found.high < 0
    assert not promoted(found)


def test_more_of_the_same_is_promoted_without_being_better_beyond_chance() -> None:
    wafers, failed = line(seed=5)
    half = np.arange(300)

    found = compare(trained(wafers, failed, 1.0), trained(wafers.rows(half), failed[half], 1.0), 1, [wafers])

    assert (found.missing, found.added, found.difference) == (0, 300, 0.0)
    assert promoted(found)


def test_more_of_the_same_is_not_promoted_when_it_is_more_than_a_hundredth_below() -> None:
    wafers, failed = line(seed=5)
    half = np.arange(300)

    found = compare(trained(wafers, failed, 0.8), trained(wafers.rows(half), failed[half], 3.0), 1, [wafers])
    found = found.model_copy(update={"low": -0.05, "high": 0.01})  # so few wafers cannot tell them apart

    decision = decide(GOOD, 1, found)
    assert found.difference < -0.01
    assert not decision.promoted
    assert "more than 0.01 below" in decision.reason


def test_wrong_labels_among_the_added_wafers_raise_an_alarm_and_wait_for_a_person() -> None:
    wafers, failed = line(2000, seed=5)
    old = np.arange(1000)
    wrong = failed ^ ((np.arange(2000) >= 1000) & (np.random.default_rng(3).random(2000) < 0.3))

    clean = compare(trained(wafers, failed, 3.0), trained(wafers.rows(old), failed[old], 3.0), 1, [wafers])
    found = compare(trained(wafers, wrong, 3.0), trained(wafers.rows(old), failed[old], 3.0), 1, [wafers])

    decision = decide(GOOD, 1, found)
    assert clean.fall
    assert not clean.fall.alarm
    assert (decision.promoted, decision.waits) == (False, True)
    assert "Their outcomes may be wrong" in decision.reason


def test_near_copies_count_once_and_as_learned_by_whoever_learned_one_of_them() -> None:
    wafers, failed = line(300, seed=5)
    again = replace(wafers, names=tuple(f"{name}-again" for name in wafers.names), readings=wafers.readings * 1.0003)
    copies = near_copies(lambda: [wafers, again])

    champion, challenger = trained(wafers, failed, 1.0), trained(again, failed, 1.0)
    found = compare(challenger, champion, 1, [wafers, again], copies)

    assert copies.extra == 300
    assert (found.wafers, found.copies) == (300, 300)
    assert found.fall is None  # the champion knows every wafer that was added


def test_the_reason_says_what_both_thresholds_do() -> None:
    wafers, failed = line(seed=5)
    challenger = replace(trained(wafers, failed, 3.0), budget=0.2)

    decision = decide(GOOD, 1, compare(challenger, trained(wafers, failed, 0.2), 1, [wafers], rule="fixed"))

    assert "(budget 20 %)" in decision.reason
    assert "(budget 10 %)" in decision.reason


def test_a_threshold_that_does_not_keep_its_budget_waits_for_a_person() -> None:
    wafers, failed = line(seed=5)
    found = compare(trained(wafers, failed, 3.0), trained(wafers, failed, 0.2), 1, [wafers], rule="fixed")
    assert found.challenger_point
    wide = found.challenger_point.model_copy(update={"false_alarm_rate": 0.2})

    decision = decide(GOOD, 1, found.model_copy(update={"challenger_point": wide}))

    assert (decision.promoted, decision.waits) == (False, True)
    assert "does not keep its budget" in decision.reason


def test_by_rank_both_have_the_budget_of_production_and_none_can_exceed_it() -> None:
    wafers, failed = line(seed=5)
    greedy = replace(trained(wafers, failed, 3.0), budget=0.4)

    found = compare(greedy, trained(wafers, failed, 0.2), 1, [wafers], rule="recent")

    assert found.challenger_point
    assert found.champion_point
    assert (found.challenger_point.budget, found.champion_point.budget) == (0.1, 0.1)
    assert max(each.false_alarm_rate for each in (found.challenger_point, found.champion_point)) <= 0.1
    assert found.challenger_point.recall > found.champion_point.recall
    assert "With the top 10 % flagged by rank it catches" in decide(GOOD, 1, found).reason


def test_a_candidate_waits_for_a_person_with_the_reason_it_would_be_promoted_for() -> None:
    wafers, failed = line(seed=5)
    found = compare(trained(wafers, failed, 3.0), trained(wafers, failed, 0.2), 1, [wafers])

    decision = decide(GOOD, 1, found, "candidate")

    assert (decision.promoted, decision.waits) == (False, True)
    assert "better beyond chance" in decision.reason
    assert not decide(replace(GOOD, auc=0.5), 1, found, "candidate").waits


def test_fewer_wafers_of_the_same_do_not_take_the_place() -> None:
    wafers, failed = line()
    half = np.arange(300)

    found = compare(trained(wafers.rows(half), failed[half], 1.0), trained(wafers, failed, 1.0), 1, [wafers])

    assert found.missing == 300
    assert not promoted(found)


def test_other_wafers_of_the_same_line_do_not_take_the_place() -> None:
    (ours, failed), (theirs, also_failed) = line(seed=1), line(seed=2)

    found = compare(trained(ours, failed, 1.0), trained(theirs, also_failed, 1.0), 1, [ours, theirs])

    assert (found.wafers, found.missing, found.added) == (1200, 600, 600)
    assert not promoted(found)


def test_wafers_that_nobody_holds_any_more_are_left_out_and_still_count_as_missing() -> None:
    (ours, failed), (theirs, also_failed) = line(seed=1), line(seed=2)

    found = compare(trained(ours, failed, 1.0), trained(theirs, also_failed, 1.0), 1, [ours])

    assert (found.wafers, found.missing) == (600, 600)
    assert not promoted(found)


def test_wafers_whose_label_changed_are_counted_and_stop_the_promotion() -> None:
    wafers, failed = line()
    shuffled = np.random.default_rng(3).permutation(failed)

    found = compare(trained(wafers, shuffled, 3.0), trained(wafers, failed, 0.2), 4, [wafers])

    decision = decide(GOOD, 4, found)
    assert found.relabelled == int((shuffled != failed).sum()) > 0
    assert not decision.promoted
    assert "outcome" in decision.reason


def test_a_champion_of_another_contract_is_not_replaced_without_a_person() -> None:
    decision = decide(GOOD, 4, None)

    assert not decision.promoted
    assert "contract" in decision.reason


def test_a_challenger_below_a_floor_is_not_even_compared() -> None:
    wafers, failed = line()
    found = compare(trained(wafers, failed, 3.0), trained(wafers, failed, 0.2), 1, [wafers])

    assert not decide(replace(GOOD, auc=0.5), 1, found).promoted
