"""Champion against challenger, on the same wafers, each scored by a model that never learned from it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from load_prod_model.near_copies import NO_COPIES, NearCopies
from wafer.evaluation.decision import Comparison, Fall, OperatingPoint
from wafer.evaluation.intervals import CONFIDENCE, auc_gain_interval, auc_standard_error
from wafer.evaluation.metrics import roc_auc
from wafer.model import ModelBundle, OutOfFold, Wafers, content_keys
from wafer.model.calibration import threshold_for
from wafer.wafers.arrays import Bools, Floats, Ints
from wafer.wafers.identity import Keys

FEWEST = 5  # failing and passing wafers that a figure of the added wafers rests on


@dataclass(frozen=True, slots=True)
class Contestant:
    """A model, what it learned from, and the share of passing wafers that it may flag."""

    model: ModelBundle
    rows: OutOfFold
    budget: float
    elsewhere: float = 1.0  # AUC where wafers of other times were held out, if that is known

    @classmethod
    def of(cls, model: ModelBundle, rows: OutOfFold) -> "Contestant":
        """A model as its bundle describes it."""
        apart = model.about.neighbours.auc_stretches
        return cls(model, rows, model.false_alarm_budget, 1.0 if apart is None else apart)


def compare(
    challenger: Contestant,
    champion: Contestant,
    champion_version: int,
    wafers: Iterable[Wafers],
    copies: NearCopies = NO_COPIES,
    seed: int = 0,
) -> Comparison:
    """Compare on every labelled wafer at hand; `wafers` holds the readings of what either model learned from.

    A wafer that a model learned from counts with its out-of-fold score, any other with the model's direct score. Of
    near copies one counts, and for each model it counts as learned if one of them is.
    """
    keys = np.union1d(challenger.rows.keys, champion.rows.keys)
    ours, theirs = _Known.of(challenger.rows, keys), _Known.of(champion.rows, keys)
    failed = np.where(theirs.learned, theirs.failed, ours.failed)
    relabelled = ours.learned & theirs.learned & (ours.failed != theirs.failed)
    missing, added = theirs.learned & ~ours.learned, ours.learned & ~theirs.learned
    alone = _counting_once(copies, keys, (ours, theirs))
    _score_others(((challenger.model, ours), (champion.model, theirs)), keys, wafers)
    judged = alone & ~relabelled & ~np.isnan(ours.score) & ~np.isnan(theirs.score)
    new = judged & added & ~theirs.learned
    interval = auc_gain_interval(failed[judged], ours.score[judged], theirs.score[judged], seed=seed)
    return Comparison(
        champion_version=champion_version,
        wafers=int(judged.sum()),
        failures=int(failed[judged].sum()),
        champion_auc=roc_auc(failed[judged], theirs.score[judged]),
        challenger_auc=roc_auc(failed[judged], ours.score[judged]),
        low=interval.low,
        high=interval.high,
        missing=int(missing.sum()),
        added=int(added.sum()),
        relabelled=int(relabelled.sum()),
        copies=int((~alone).sum()),
        champion_point=_point(champion, failed[judged], theirs.score[judged]),
        challenger_point=_point(challenger, failed[judged], ours.score[judged]),
        fall=_fall(champion, failed[new], theirs.score[new], ours.score[new]),
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What a model knows of each key."""

    learned: Bools
    failed: Bools
    score: Floats  # out of fold; NaN for a wafer that it did not learn from, until it is scored

    @classmethod
    def of(cls, rows: OutOfFold, keys: Keys) -> "_Known":
        learned, failed, score = np.zeros(len(keys), bool), np.zeros(len(keys), bool), np.full(len(keys), np.nan)
        places = np.searchsorted(keys, rows.keys)
        learned[places], failed[places], score[places] = True, rows.failed, rows.probability
        return cls(learned, failed, score)

    def learned_as(self, place: int, other: int) -> None:
        """Take a wafer as learned, with the outcome and the score of a near copy that was."""
        self.learned[place], self.failed[place], self.score[place] = True, self.failed[other], self.score[other]


def _counting_once(copies: NearCopies, keys: Keys, models: tuple[_Known, _Known]) -> Bools:
    """Which wafers count when near copies count once, (keys,).

    A model that learned from one copy knows them all, so the copy that counts has the score of one that was learned.
    """
    alone = np.ones(len(keys), bool)
    places = _places(keys, copies.keys)
    for group in np.unique(copies.group[places >= 0]):
        members = places[(copies.group == group) & (places >= 0)]
        first = max(members, key=lambda place: sum(bool(model.learned[place]) for model in models))
        alone[members[members != first]] = False
        for model in models:
            learned = members[model.learned[members]]
            if len(learned) and not model.learned[first]:
                model.learned_as(int(first), int(learned[0]))
    return alone


def _score_others(pairs: Iterable[tuple[ModelBundle, _Known]], keys: Keys, wafers: Iterable[Wafers]) -> None:
    """Let each model score the wafers that only the other one learned from, a part of them after the other."""
    unknown = [(model, known.score) for model, known in pairs if np.isnan(known.score).any()]
    for part in wafers if unknown else ():
        places = _places(keys, content_keys(part))
        for model, score in unknown:
            asked = np.flatnonzero((places >= 0) & np.isnan(score[places]))
            if len(asked):
                score[places[asked]] = model.score(part.rows(asked)).probability


def _places(keys: Keys, wanted: Keys) -> Ints:
    """Where each of the wanted lies among the keys; -1 where it is none of them."""
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.asarray(np.where(keys[places] == wanted, places, -1), dtype=np.int64)


def _point(model: Contestant, failed: Bools, score: Floats) -> OperatingPoint:
    """What the threshold that a model came out of its training with does with these wafers."""
    threshold = threshold_for(model.budget, model.rows.probability, model.rows.failed)
    flagged, passes = score >= threshold, int((~failed).sum())
    return OperatingPoint(
        budget=model.budget,
        threshold=threshold,
        recall=float(flagged[failed].mean()),
        false_alarm_rate=float(flagged[~failed].mean()),
        limit=model.budget + CONFIDENCE * math.sqrt(model.budget * (1 - model.budget) / passes),
    )


def _fall(champion: Contestant, failed: Bools, theirs: Floats, ours: Floats) -> Fall | None:
    """How the champion ranks the added wafers, against the lower of its own figures; None for too few of them."""
    failures, passes = int(failed.sum()), int((~failed).sum())
    if min(failures, passes) < FEWEST:
        return None
    rows = champion.rows
    own = min(roc_auc(rows.failed, rows.probability), champion.elsewhere)
    learned = int(rows.failed.sum()), int((~rows.failed).sum())
    errors = auc_standard_error(own, *learned), auc_standard_error(own, failures, passes)
    return Fall(
        own_auc=own,
        auc=roc_auc(failed, theirs),
        limit=own - CONFIDENCE * math.hypot(*errors),
        wafers=len(failed),
        failures=failures,
        challenger_auc=roc_auc(failed, ours),
    )
