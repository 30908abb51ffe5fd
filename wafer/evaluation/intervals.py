"""How sure the ranking figures are: intervals over resampled wafers."""

from collections.abc import Mapping

import numpy as np

from wafer.evaluation.metrics import average_precision, recall_at_false_alarms, roc_auc
from wafer.wafers.arrays import Bools, Floats

RESAMPLES = 500
INTERVAL = (0.05, 0.95)


def bootstrap(failed: Bools, scores: Floats, seed: int = 0) -> dict[str, tuple[float, float]]:
    """90 % intervals of the ranking figures; failing and passing wafers are drawn each by themselves."""
    random = np.random.default_rng(seed)
    classes = (np.flatnonzero(failed), np.flatnonzero(~failed))
    drawn: dict[str, list[float]] = {"auc": [], "pr_auc": [], "recall_at_10": []}
    for _ in range(RESAMPLES):
        rows = np.concatenate([random.choice(members, len(members)) for members in classes])
        drawn["auc"].append(roc_auc(failed[rows], scores[rows]))
        drawn["pr_auc"].append(average_precision(failed[rows], scores[rows]))
        drawn["recall_at_10"].append(recall_at_false_alarms(failed[rows], scores[rows], 0.10))
    return {name: (float(low), float(high)) for name, (low, high) in _quantiles(drawn).items()}


def _quantiles(drawn: Mapping[str, list[float]]) -> dict[str, Floats]:
    return {name: np.quantile(values, INTERVAL) for name, values in drawn.items()}
