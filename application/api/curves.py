"""Curves over thresholds from out-of-fold scores, in the points a picture needs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from application.api.shapes.models import Bin, Cluster, Figure, Point
from application.api.shapes.predictions import Budget

if TYPE_CHECKING:
    from wafer.model import OutOfFold

CURVE_POINTS = 200
BINS = 8
BUDGETS = tuple(round(0.01 * step, 2) for step in range(1, 51))


def curve_of(rows: "OutOfFold") -> list[Point]:
    """Points of the ROC and precision-recall curves, thinned to what a picture needs."""
    import numpy as np

    from wafer.evaluation.metrics import roc_points

    alarms, recall, thresholds = roc_points(rows.failed, rows.probability)
    keep = np.unique(np.linspace(0, len(alarms) - 1, CURVE_POINTS).round().astype(int))
    hits, misses = recall * rows.failed.sum(), alarms * (~rows.failed).sum()
    return [
        Point(
            threshold=float(thresholds[at]) if np.isfinite(thresholds[at]) else None,
            false_alarm_rate=float(alarms[at]),
            recall=float(recall[at]),
            precision=float(hits[at] / (hits[at] + misses[at])) if hits[at] + misses[at] else None,
        )
        for at in keep
    ]


def calibration_of(rows: "OutOfFold") -> list[Bin]:
    """Predicted against observed failure rate, in groups of equal size."""
    import numpy as np

    groups = np.array_split(np.argsort(rows.probability, kind="stable"), BINS)
    return [
        Bin(
            predicted=float(rows.probability[group].mean()),
            observed=float(rows.failed[group].mean()),
            wafers=len(group),
        )
        for group in groups
        if len(group)
    ]


def figures_of(rows: "OutOfFold", threshold: float) -> list[Figure]:
    """The figures that mean something when few wafers fail, at a threshold where they need one."""
    from wafer.evaluation.intervals import bootstrap
    from wafer.evaluation.metrics import measure

    found = measure(rows.failed, rows.probability, rows.probability >= threshold).to_json()
    chances = {
        "auc": 0.5,
        "pr_auc": float(rows.failed.mean()),
        "recall_at_10": 0.1,
        "ber": 0.5,
        "brier_skill": 0.0,
    }
    intervals = bootstrap(rows.failed, rows.probability)
    return [
        Figure(name=name, value=found[name], low=low, high=high, chance=chance)
        for name, chance in chances.items()
        for low, high in [intervals.get(name, (None, None))]
    ]


def cluster_of(said: dict[str, Any]) -> Cluster:
    """A cluster as the bundle describes it."""
    return Cluster(
        cluster=said["cluster"],
        wafers=said["wafers"],
        failures=said["failures"],
        family=said["family"],
        auc={family: figures["auc"] for family, figures in said["quality"].items()},
    )


def budget_of(rows: "OutOfFold", budget: float, probabilities: Sequence[float]) -> Budget:
    """What one budget would mean for wafers of these probabilities."""
    threshold = rows.threshold(budget)
    flagged = rows.probability >= threshold
    alarm_rate = float(flagged[~rows.failed].mean())
    passing = len(probabilities) * (1 - float(rows.failed.mean()))
    return Budget(
        budget=budget,
        threshold=threshold,
        recall=float(flagged[rows.failed].mean()),
        flagged=sum(each >= threshold for each in probabilities),
        expected_false_alarms=round(alarm_rate * passing, 1),
    )
