"""Champion against challenger, on the same wafers, each scored by a model that never learned from it."""

from collections.abc import Iterable, Mapping

import numpy as np

from wafer.evaluation.decision import Comparison
from wafer.evaluation.intervals import auc_gain_interval
from wafer.evaluation.metrics import roc_auc
from wafer.model import ModelBundle, OutOfFold, Wafers, content_keys
from wafer.wafers.arrays import Floats


def compare(
    challenger: ModelBundle, champion: ModelBundle, champion_version: int, wafers: Iterable[Wafers], seed: int = 0
) -> Comparison:
    """Compare on every labelled wafer at hand; `wafers` holds the readings of what either model learned from.

    A wafer that a model learned from counts with its out-of-fold score, any other with the model's direct score.
    """
    known = _by_key(challenger.out_of_fold) | _by_key(champion.out_of_fold)
    ours, theirs = _by_key(challenger.out_of_fold), _by_key(champion.out_of_fold)
    judged = [key for key in sorted(known) if ours.get(key, known[key])[0] == theirs.get(key, known[key])[0]]
    readings = _readings(wafers)
    judged = [key for key in judged if (key in ours and key in theirs) or key in readings]
    failed = np.array([known[key][0] for key in judged], bool)
    scores = [_scores(bundle, table, judged, readings) for bundle, table in ((challenger, ours), (champion, theirs))]
    interval = auc_gain_interval(failed, *scores, seed=seed)
    return Comparison(
        champion_version=champion_version,
        wafers=len(judged),
        failures=int(failed.sum()),
        champion_auc=roc_auc(failed, scores[1]),
        challenger_auc=roc_auc(failed, scores[0]),
        low=interval.low,
        high=interval.high,
        missing=len(theirs.keys() - ours.keys()),
        added=len(ours.keys() - theirs.keys()),
        relabelled=sum(ours[key][0] != theirs[key][0] for key in ours.keys() & theirs.keys()),
    )


def _by_key(rows: OutOfFold) -> dict[str, tuple[bool, float]]:
    """Readings' digest -> (failed, out-of-fold probability)."""
    return {
        key: (bool(failed), float(p)) for key, failed, p in zip(rows.keys, rows.failed, rows.probability, strict=True)
    }


def _readings(wafers: Iterable[Wafers]) -> dict[str, tuple[Wafers, int]]:
    return {key: (part, row) for part in wafers for row, key in enumerate(content_keys(part))}


def _scores(
    bundle: ModelBundle,
    table: Mapping[str, tuple[bool, float]],
    judged: list[str],
    readings: Mapping[str, tuple[Wafers, int]],
) -> Floats:
    scores = np.array([table[key][1] if key in table else np.nan for key in judged])
    unseen = np.flatnonzero(np.isnan(scores))
    for part in {id(readings[judged[i]][0]): readings[judged[i]][0] for i in unseen}.values():
        places = [i for i in unseen if readings[judged[i]][0] is part]
        rows = np.array([readings[judged[i]][1] for i in places], dtype=np.int64)
        scores[places] = bundle.score(part.rows(rows)).probability
    return scores
