"""How good scores are, in the few figures that mean something when 6 % of the wafers fail."""

import numpy as np

from wafer.evaluation.curve import curve_of
from wafer.evaluation.quality import Quality
from wafer.wafers.arrays import Bools, Floats


def measure(failed: Bools, probability: Floats, flagged: Bools) -> Quality:
    """Measure calibrated probabilities and the flags drawn from them."""
    curve = curve_of(failed, probability)
    return Quality(
        wafers=len(failed),
        failures=int(failed.sum()),
        auc=curve.auc,
        pr_auc=curve.average_precision,
        ber=balanced_error_rate(failed, flagged),
        recall=float(flagged[failed].mean()),
        false_alarm_rate=float(flagged[~failed].mean()),
        recall_at_10=curve.recall_within(0.10),
        brier_skill=brier_skill(failed, probability),
    )


def roc_auc(failed: Bools, scores: Floats) -> float:
    """Chance that a failing wafer scores above a passing one; ties count half."""
    return curve_of(failed, scores).auc


def balanced_error_rate(failed: Bools, flagged: Bools) -> float:
    """Mean of the error rates on failing and on passing wafers; .5 is what flagging nothing reaches."""
    return float((1.0 - flagged[failed].mean() + flagged[~failed].mean()) / 2)


def brier_skill(failed: Bools, probability: Floats) -> float:
    """One minus the Brier score over that of the constant failure rate."""
    truth = failed.astype(np.float64)
    reference = ((truth - truth.mean()) ** 2).mean()
    return float(1.0 - ((probability - truth) ** 2).mean() / reference)
