"""Models are compared on wafers newer than what they learned from, where there are enough of them."""

from dataclasses import replace

import numpy as np

from load_prod_model.comparison import compare
from load_prod_model.contestant import Contestant
from load_prod_model.tests.test_comparison import line, trained
from wafer.model import content_keys
from wafer.model.out_of_fold import InTime
from wafer.wafers.arrays import Floats, Wafers


def in_months(contestant: Contestant, wafers: Wafers, months: int, forward: Floats) -> Contestant:
    """Say that equal parts of the wafers came month by month, and how models of earlier months scored them."""
    month = np.arange(len(wafers)) // (len(wafers) // months)
    batch = np.datetime64("2026-01", "M") + month
    order = np.argsort(content_keys(wafers))
    in_time = InTime(batch.astype("datetime64[s]")[order], forward[order], np.full(len(wafers), np.nan))
    return replace(contestant, rows=replace(contestant.rows, in_time=in_time))


def test_forward_scores_decide_where_both_models_have_them() -> None:
    wafers, failed = line(1200, seed=5)
    old = np.arange(600)
    ours = in_months(trained(wafers, failed, 3.0), wafers, 4, np.random.default_rng(1).random(1200))
    theirs = in_months(trained(wafers.rows(old), failed[old], 3.0), wafers.rows(old), 2, 3.0 * wafers.readings[old, 0])

    found = compare(ours, theirs, 1, [wafers])

    assert found.evidence == "forward"
    assert found.high < 0  # out of fold both rank alike


def test_a_champion_scores_newer_wafers_itself_and_promises_what_it_reached_forward() -> None:
    wafers, failed = line(1200, seed=5)
    old = np.arange(600)
    weak = 0.2 * wafers.readings[:, 0] + wafers.readings[:, 1]
    ours = in_months(trained(wafers, failed, 3.0), wafers, 4, weak)
    theirs = in_months(trained(wafers.rows(old), failed[old], 0.2), wafers.rows(old), 2, weak[old])

    found = compare(ours, theirs, 1, [wafers])

    assert (found.evidence, found.wafers, found.difference) == ("forward", 1200, 0.0)
    assert found.fall
    assert not found.fall.alarm
    assert found.fall.wafers == 600


def test_too_few_forward_scores_are_not_taken_for_evidence() -> None:
    wafers, failed = line(seed=5)
    few = np.where(np.arange(600) < 100, 0.5, np.nan)

    ours, theirs = (in_months(trained(wafers, failed, skill), wafers, 4, few) for skill in (3.0, 0.2))
    found = compare(ours, theirs, 1, [wafers])

    assert (found.evidence, found.wafers) == ("out_of_fold", 600)
