"""Whether the champion ranks added wafers as well as it promised: wrong outcomes among them show here."""

import math
from dataclasses import dataclass

import numpy as np

from load_prod_model.contestant import Contestant
from wafer.evaluation.decision import Fall
from wafer.evaluation.intervals import CONFIDENCE, auc_standard_error
from wafer.evaluation.metrics import roc_auc
from wafer.wafers.arrays import Bools, Floats

FEWEST = 5  # failing and passing wafers that a figure of the added wafers rests on


@dataclass(frozen=True, slots=True)
class Own:
    """A model's own AUC, and its standard error."""

    auc: float
    error: float


def own_figure(champion: Contestant, newer: Bools) -> Own:
    """What a champion promises for added wafers: forward in time for newer ones, out of fold for those of its time.

    Champions of before were not tested forward; for them the skill on stretches of wafers that were held out stands.
    """
    rows, tested = champion.rows, ~np.isnan(champion.rows.in_time.forward)
    later = bool(newer.mean() > 0.5) if len(newer) else False
    if later and min(rows.failed[tested].sum(), (~rows.failed[tested]).sum()) >= FEWEST:
        failed, scores, most = rows.failed[tested], rows.in_time.forward[tested], 1.0
    else:
        of_its_time = not later and not np.isnat(rows.in_time.batch).all()
        failed, scores, most = rows.failed, rows.probability, 1.0 if of_its_time else champion.elsewhere
    auc = min(roc_auc(failed, scores), most)
    return Own(auc, auc_standard_error(auc, int(failed.sum()), int((~failed).sum())))


def fall_of(own: Own, failed: Bools, theirs: Floats, ours: Floats) -> Fall | None:
    """How the champion ranks the added wafers, against its own figure; None for too few of them."""
    failures, passes = int(failed.sum()), int((~failed).sum())
    if min(failures, passes) < FEWEST:
        return None
    return Fall(
        own_auc=own.auc,
        auc=roc_auc(failed, theirs),
        limit=own.auc - CONFIDENCE * math.hypot(own.error, auc_standard_error(own.auc, failures, passes)),
        wafers=len(failed),
        failures=failures,
        challenger_auc=roc_auc(failed, ours),
    )
