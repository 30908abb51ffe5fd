"""Curves over thresholds from out-of-fold scores, in the points a picture needs."""

from dataclasses import asdict
from math import isfinite

import numpy as np

from application.api.shapes.models import Bin, Cluster, Figure, Point
from application.api.shapes.predictions import Budget, FalseAlarms
from wafer.evaluation.curve import curve_of
from wafer.evaluation.held_out import Flagged
from wafer.evaluation.intervals import Interval, bootstrap, exact_share
from wafer.evaluation.metrics import measure
from wafer.evaluation.reliability import reliability
from wafer.model.out_of_fold import OutcomeCounts
from wafer.model.summaries import ClusterSummary
from wafer.wafers.arrays import Floats

CURVE_POINTS = 200
LEAST_FLAGGED = 10  # wafers out of fold, before their false alarms say anything of others
NONE = np.array([])
BUDGETS = tuple(round(0.01 * step, 2) for step in range(1, 51))


class Scores:
    """The probabilities of wafers, so that any threshold is counted at once.

    A wafer to inspect is flagged at no threshold: its verdict stays inspect.
    """

    def __init__(self, probabilities: Floats, unlike: Floats, good: Floats = NONE, failed: Floats = NONE) -> None:
        """`good` and `failed` are those of the wafers whose outcome is known, without those to inspect."""
        self._all = np.sort(probabilities[np.isfinite(probabilities)])
        self._good, self._failed = (np.sort(each[np.isfinite(each)]) for each in (good, failed))
        self._unlike = np.sort(unlike[np.isfinite(unlike)])
        self.unlike = len(unlike)

    def flagged(self, threshold: float) -> int:
        """Wafers of the verdict fail at a threshold."""
        return _reaching(self._all, threshold) - _reaching(self._unlike, threshold)

    def known(self, threshold: float) -> tuple[int, int]:
        """Wafers flagged at a threshold whose outcome is known, and how many of them are good."""
        good = _reaching(self._good, threshold)
        return good + _reaching(self._failed, threshold), good


def _reaching(ordered: Floats, threshold: float) -> int:
    return len(ordered) - int(np.searchsorted(ordered, threshold))


def curve_points(rows: OutcomeCounts) -> list[Point]:
    """Points of the ROC and precision-recall curves, thinned to what a picture needs."""
    curve = curve_of(rows.failed, rows.probability).thinned(CURVE_POINTS)
    columns = (curve.threshold, curve.false_alarm_rate, curve.recall, curve.precision)
    return [
        Point(
            threshold=threshold if isfinite(threshold) else None,
            false_alarm_rate=alarms,
            recall=recall,
            precision=precision if isfinite(precision) else None,
        )
        for threshold, alarms, recall, precision in zip(*(column.tolist() for column in columns), strict=True)
    ]


def calibration_of(rows: OutcomeCounts) -> list[Bin]:
    """Predicted against observed failure rate, in groups of equal size."""
    return [Bin(**asdict(each)) for each in reliability(rows.failed, rows.probability)]


def figures_of(rows: OutcomeCounts, threshold: float) -> list[Figure]:
    """The figures that mean something when few wafers fail, at a threshold where they need one."""
    found = measure(rows.failed, rows.probability, rows.probability >= threshold)
    sure = bootstrap(rows.failed, rows.probability)
    return [
        _figure("auc", found.auc, 0.5, sure.auc),
        _figure("pr_auc", found.pr_auc, found.failure_rate, sure.pr_auc),
        _figure("recall_at_10", found.recall_at_10, 0.1, sure.recall_at_10),
        _figure("ber", found.ber, 0.5),
        _figure("brier_skill", found.brier_skill, 0.0),
    ]


def _figure(name: str, value: float, chance: float, interval: Interval | None = None) -> Figure:
    low, high = (interval.low, interval.high) if interval else (None, None)
    return Figure(name=name, value=value, low=low, high=high, chance=chance)


def cluster_of(summary: ClusterSummary) -> Cluster:
    """A cluster as the bundle describes it."""
    quality = {family: quality.auc for family, quality in summary.quality.items()}
    return Cluster.of_record(summary, auc=quality)


def budget_of(
    rows: OutcomeCounts, budget: float, scores: Scores, threshold: float, later: Flagged | None = None
) -> Budget:
    """What one budget, kept by this threshold, would mean for wafers of these scores.

    `later` is what the same budget and rule flagged on later files; without it, wafers held out at random tell.
    """
    tested = later or Flagged.of(rows.failed, rows.probability >= threshold)
    found, (known, good) = tested.recall_interval, scores.known(threshold)
    flagged = scores.flagged(threshold)
    return Budget(
        budget=budget,
        threshold=threshold,
        measured="held out at random" if later is None else "later files",
        recall=tested.recall,
        recall_low=found.low,
        recall_high=found.high,
        flagged=flagged,
        unlike=scores.unlike,
        false_alarms=_false_alarms(flagged - known, tested.false_alarms, tested.found + tested.false_alarms, good),
        known=known,
        known_false_alarms=good,
    )


def _false_alarms(unknown: int, wrong: int, of: int, good: int) -> FalseAlarms | None:
    """How many flagged wafers are good: `good` are known to be, and the `unknown` are like those `of` that were tested.

    Of those tested, `wrong` were good.
    """
    if unknown == 0:
        return FalseAlarms(expected=good, low=good, high=good)
    if of < LEAST_FLAGGED:
        return None
    share = exact_share(wrong, of)
    expected, low, high = (round(good + unknown * each, 1) for each in (wrong / of, share.low, share.high))
    return FalseAlarms(expected=expected, low=low, high=high)
