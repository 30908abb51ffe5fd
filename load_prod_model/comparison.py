"""Champion against challenger, on the same wafers, each scored by a model that never learned from it."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from wafer.evaluation.decision import Comparison
from wafer.evaluation.intervals import auc_gain_interval
from wafer.evaluation.metrics import roc_auc
from wafer.model import ModelBundle, OutOfFold, Wafers, content_keys
from wafer.wafers.arrays import Bools, Floats, Ints
from wafer.wafers.identity import Keys


@dataclass(frozen=True, slots=True)
class Contestant:
    """A model, and what it learned from."""

    model: ModelBundle
    rows: OutOfFold


def compare(
    challenger: Contestant, champion: Contestant, champion_version: int, wafers: Iterable[Wafers], seed: int = 0
) -> Comparison:
    """Compare on every labelled wafer at hand; `wafers` holds the readings of what either model learned from.

    A wafer that a model learned from counts with its out-of-fold score, any other with the model's direct score.
    """
    keys = np.union1d(challenger.rows.keys, champion.rows.keys)
    ours, theirs = _Known.of(challenger.rows, keys), _Known.of(champion.rows, keys)
    failed = np.where(theirs.learned, theirs.failed, ours.failed)
    relabelled = ours.learned & theirs.learned & (ours.failed != theirs.failed)
    _score_others(((challenger.model, ours), (champion.model, theirs)), keys, wafers)
    judged = ~relabelled & ~np.isnan(ours.score) & ~np.isnan(theirs.score)
    failed, scores = failed[judged], (ours.score[judged], theirs.score[judged])
    interval = auc_gain_interval(failed, *scores, seed=seed)
    return Comparison(
        champion_version=champion_version,
        wafers=len(failed),
        failures=int(failed.sum()),
        champion_auc=roc_auc(failed, scores[1]),
        challenger_auc=roc_auc(failed, scores[0]),
        low=interval.low,
        high=interval.high,
        missing=int((theirs.learned & ~ours.learned).sum()),
        added=int((ours.learned & ~theirs.learned).sum()),
        relabelled=int(relabelled.sum()),
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
