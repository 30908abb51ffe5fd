"""Champion against challenger, on the same wafers, each scored by a model that never learned from it."""

import math
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import numpy as np

from load_prod_model.contestant import Contestant
from load_prod_model.evidence import best, enough, evidence_of
from load_prod_model.fall import fall_of, own_figure
from load_prod_model.known import Known, counting_once, score_others
from load_prod_model.near_copies import NO_COPIES, NearCopies
from load_prod_model.since import scored_since
from wafer.evaluation.decision import Comparison, OperatingPoint
from wafer.evaluation.intervals import CONFIDENCE, auc_gain_interval
from wafer.evaluation.metrics import roc_auc
from wafer.evaluation.rule import DEFAULT, Rule
from wafer.model import Wafers
from wafer.model.calibration import threshold_for
from wafer.wafers.arrays import Bools, Floats


def compare(
    challenger: Contestant,
    champion: Contestant,
    champion_version: int,
    wafers: Iterable[Wafers],
    copies: NearCopies = NO_COPIES,
    since: Iterable[Wafers] = (),
    rule: Rule = DEFAULT,
    seed: int = 0,
) -> Comparison:
    """Compare on every labelled wafer at hand; `wafers` holds the readings of what either model learned from.

    A wafer that a model learned from counts with its out-of-fold score, any other with the model's direct score. Of
    near copies one counts, and for each model it counts as learned if one of them is. `since` are wafers with outcomes
    that neither learned from; where there are enough of them, they alone decide. `rule` is how verdicts are made.
    """
    keys = np.union1d(challenger.rows.keys, champion.rows.keys)
    ours, theirs = Known.of(challenger.rows, keys), Known.of(champion.rows, keys)
    failed = np.where(theirs.learned, theirs.failed, ours.failed)
    relabelled = ours.learned & theirs.learned & (ours.failed != theirs.failed)
    missing, added = theirs.learned & ~ours.learned, ours.learned & ~theirs.learned
    batch = np.where(np.isnat(ours.batch), theirs.batch, ours.batch)
    ours, theirs = replace(ours, batch=batch), replace(theirs, batch=batch)
    alone, twice = counting_once(copies, keys, (ours, theirs))
    score_others(((challenger.model, ours), (champion.model, theirs)), keys, wafers)
    counting = alone & ~relabelled & ~np.isnan(ours.score) & ~np.isnan(theirs.score)
    new = counting & added & ~theirs.learned
    counting = counting & ~twice if enough(failed[counting & ~twice]) else counting
    evidence = best(evidence_of(ours, theirs), counting, failed)
    judged = counting & evidence.judged
    kind, outcomes, scores = evidence.kind, failed[judged], (evidence.ours[judged], evidence.theirs[judged])
    later = scored_since(challenger.model, champion.model, since)
    if enough(later.failed):
        kind, outcomes, scores = "outcomes", later.failed, (later.ours, later.theirs)
    point = _own_point if rule == "fixed" else partial(_ranked_point, champion.budget)
    interval = auc_gain_interval(outcomes, *scores, seed=seed)
    return Comparison(
        champion_version=champion_version,
        wafers=len(outcomes),
        failures=int(outcomes.sum()),
        champion_auc=roc_auc(outcomes, scores[1]),
        challenger_auc=roc_auc(outcomes, scores[0]),
        low=interval.low,
        high=interval.high,
        missing=int(missing.sum()),
        added=int(added.sum()),
        relabelled=int(relabelled.sum()),
        evidence=kind,
        copies=int((~alone).sum()),
        champion_point=point(champion, outcomes, scores[1]),
        challenger_point=point(challenger, outcomes, scores[0]),
        fall=fall_of(own_figure(champion, theirs.newer[new]), failed[new], theirs.score[new], ours.score[new]),
    )


def _own_point(model: Contestant, failed: Bools, score: Floats) -> OperatingPoint:
    """What the threshold that a model came out of its training with does with these wafers."""
    threshold = threshold_for(model.budget, model.rows.probability, model.rows.failed)
    return _point_at(threshold, "fixed", model.budget, failed, score)


def _ranked_point(budget: float, _: Contestant, failed: Bools, score: Floats) -> OperatingPoint:
    """What flagging the top of these scores does, as a prediction does that follows recent scores."""
    return _point_at(threshold_for(budget, score, np.zeros(len(score), bool)), "recent", budget, failed, score)


def _point_at(threshold: float, rule: Rule, budget: float, failed: Bools, score: Floats) -> OperatingPoint:
    flagged, passes = score >= threshold, int((~failed).sum())
    return OperatingPoint(
        rule=rule,
        budget=budget,
        threshold=threshold,
        recall=float(flagged[failed].mean()),
        false_alarm_rate=float(flagged[~failed].mean()),
        limit=budget + CONFIDENCE * math.sqrt(budget * (1 - budget) / passes),
    )
