"""Whether the champion ranks added wafers as well as it promised: wrong outcomes among them show here."""

import numpy as np

from load_prod_model.contestant import Contestant
from wafer.evaluation.decision import Fall
from wafer.evaluation.metrics import roc_auc
from wafer.evaluation.promised import PromisedRanking
from wafer.wafers.arrays import Bools, Floats

FEWEST = 5  # failing and passing wafers that a figure of the added wafers rests on


def own_figure(champion: Contestant, newer: Bools) -> PromisedRanking:
    """What a champion promises for added wafers: forward in time for newer ones, out of fold for those of its time.

    The figure on whole files stands for one that rests on too few wafers, or where nobody knows the time. A champion
    of before has out-of-fold scores only, which promise more than it keeps on newer wafers.
    """
    rows = champion.rows
    later = bool(len(newer)) and bool(newer.mean() > 0.5)
    tests = [rows.in_time.forward] if later else []
    if later or np.isnat(rows.in_time.batch).all():
        tests.append(rows.in_time.whole_file)
    scores = next((each for each in tests if _enough(rows.failed[~np.isnan(each)])), rows.probability)
    failed, known = rows.failed[~np.isnan(scores)], scores[~np.isnan(scores)]
    return PromisedRanking.of(roc_auc(failed, known), int(failed.sum()), int((~failed).sum()))


def _enough(failed: Bools) -> bool:
    return bool(min(failed.sum(), (~failed).sum()) >= FEWEST)


def fall_of(own: PromisedRanking, failed: Bools, theirs: Floats, ours: Floats) -> Fall | None:
    """How the champion ranks the added wafers, against its own figure; None for too few of them."""
    if not _enough(failed):
        return None
    failures, passes = int(failed.sum()), int((~failed).sum())
    return Fall(
        own_auc=own.auc,
        auc=roc_auc(failed, theirs),
        limit=own.least(failures, passes),
        wafers=len(failed),
        failures=failures,
        challenger_auc=roc_auc(failed, ours),
    )
