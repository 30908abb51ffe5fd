"""How good scores are, in the few figures that mean something when 6 % of the wafers fail."""

import numpy as np

from wafer.evaluation.quality import Quality
from wafer.wafers.arrays import Bools, Floats


def measure(failed: Bools, probability: Floats, flagged: Bools) -> Quality:
    """Measure calibrated probabilities and the flags drawn from them."""
    return Quality(
        wafers=len(failed),
        failures=int(failed.sum()),
        auc=roc_auc(failed, probability),
        pr_auc=average_precision(failed, probability),
        ber=balanced_error_rate(failed, flagged),
        recall=float(flagged[failed].mean()),
        false_alarm_rate=float(flagged[~failed].mean()),
        recall_at_10=recall_at_false_alarms(failed, probability, 0.10),
        brier_skill=brier_skill(failed, probability),
    )


def roc_points(failed: Bools, scores: Floats) -> tuple[Floats, Floats, Floats]:
    """Return false alarm rate, recall and score, from the strictest threshold to the loosest: first (0, 0, inf)."""
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], failed[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # equal scores are flagged together
    recall = np.cumsum(hits)[last] / hits.sum()
    alarms = np.cumsum(~hits)[last] / (~hits).sum()
    return np.append(0.0, alarms), np.append(0.0, recall), np.append(np.inf, ranked[last])


def roc_auc(failed: Bools, scores: Floats) -> float:
    """Chance that a failing wafer scores above a passing one; ties count half."""
    alarms, recall, _ = roc_points(failed, scores)
    return float(np.trapezoid(recall, alarms))


def auc_gain(failed: Bools, challenger: Floats, champion: Floats) -> tuple[float, float]:
    """Return how much better the challenger ranks the same wafers, and the standard error of that (DeLong 1988)."""
    by_failing = _placements(challenger[failed], challenger[~failed]) - _placements(champion[failed], champion[~failed])
    by_passing = _placements(champion[~failed], champion[failed]) - _placements(challenger[~failed], challenger[failed])
    variance = by_failing.var(ddof=1) / len(by_failing) + by_passing.var(ddof=1) / len(by_passing)
    return float(by_failing.mean()), float(np.sqrt(variance))


def _placements(scores: Floats, others: Floats) -> Floats:
    """Return the share of the other class that lies below each score; ties count half."""
    ordered = np.sort(others)
    below, upto = np.searchsorted(ordered, scores, "left"), np.searchsorted(ordered, scores, "right")
    return np.asarray((below + upto) / (2 * len(ordered)), dtype=np.float64)


def average_precision(failed: Bools, scores: Floats) -> float:
    """Area under the precision-recall curve as a step function (scikit-learn's `average_precision_score`)."""
    alarms, recall, _ = roc_points(failed, scores)
    hits, misses = recall[1:] * failed.sum(), alarms[1:] * (~failed).sum()
    return float((np.diff(recall) * hits / (hits + misses)).sum())


def recall_at_false_alarms(failed: Bools, scores: Floats, budget: float) -> float:
    """Share of the failing wafers found when at most this share of the good ones may be flagged."""
    alarms, recall, _ = roc_points(failed, scores)
    return float(recall[alarms <= budget + 1e-12].max())


def balanced_error_rate(failed: Bools, flagged: Bools) -> float:
    """Mean of the error rates on failing and on passing wafers; .5 is what flagging nothing reaches."""
    return float((1.0 - flagged[failed].mean() + flagged[~failed].mean()) / 2)


def best_balanced_error_rate(failed: Bools, scores: Floats) -> float:
    """Lowest balanced error rate over all thresholds: what the scores allow, chosen with hindsight."""
    alarms, recall, _ = roc_points(failed, scores)
    return float(((1.0 - recall + alarms) / 2).min())


def brier_skill(failed: Bools, probability: Floats) -> float:
    """One minus the Brier score over that of the constant failure rate."""
    truth = failed.astype(np.float64)
    reference = ((truth - truth.mean()) ** 2).mean()
    return float(1.0 - ((probability - truth) ** 2).mean() / reference)
