"""What scores say over all thresholds, and the figures that are read off that."""

from dataclasses import dataclass, fields

import numpy as np

from wafer.wafers.arrays import Bools, Floats, Ints

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Curve:
    """A point a threshold, from the strictest, which flags nothing, to the loosest, which flags everything."""

    threshold: Floats  # first is infinite; wafers with equal scores are flagged together
    false_alarm_rate: Floats  # share of the passing wafers that are flagged
    recall: Floats  # share of the failing wafers that are flagged
    found: Floats  # failing wafers that are flagged
    misled: Floats  # passing wafers that are flagged

    @property
    def precision(self) -> Floats:
        """Share of the flagged wafers that fail; NaN where nothing is flagged."""
        with np.errstate(invalid="ignore"):
            return self.found / (self.found + self.misled)

    @property
    def auc(self) -> float:
        """Chance that a failing wafer scores above a passing one; ties count half."""
        return float(np.trapezoid(self.recall, self.false_alarm_rate))

    @property
    def average_precision(self) -> float:
        """Area under the precision-recall curve as a step function (scikit-learn's `average_precision_score`)."""
        found, misled = self.found[1:], self.misled[1:]
        return float((np.diff(self.recall) * found / (found + misled)).sum())

    @property
    def lowest_balanced_error_rate(self) -> float:
        """Lowest balanced error rate over all thresholds: what the scores allow, chosen with hindsight."""
        return float(((1.0 - self.recall + self.false_alarm_rate) / 2).min())

    def recall_within(self, budget: float) -> float:
        """Share of the failing wafers found when at most this share of the good ones may be flagged."""
        return float(self.recall[self.false_alarm_rate <= budget + _ROUNDING].max())

    def thinned(self, points: int) -> "Curve":
        """At most so many points, spread evenly, with both ends."""
        last = len(self.threshold) - 1
        keep = np.unique(np.linspace(0, last, points).round().astype(int))
        return Curve(*(getattr(self, each.name)[keep] for each in fields(self)))


def curve_of(failed: Bools, scores: Floats) -> Curve:
    """The curve of scored, labelled wafers, at least one of either outcome."""
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], failed[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    return _curve(ranked[last], np.cumsum(~hits)[last], np.cumsum(hits)[last])


def curve_of_counts(scores: Floats, passes: Ints, failures: Ints) -> Curve:
    """The curve of so many passing and failing wafers of each score, from the highest score to the lowest."""
    some = passes + failures > 0
    return _curve(scores[some], np.cumsum(passes[some]), np.cumsum(failures[some]))


def _curve(threshold: Floats, misled: Ints, found: Ints) -> Curve:
    alarms, recall = np.append(0.0, misled / misled[-1]), np.append(0.0, found / found[-1])
    return Curve(np.append(np.inf, threshold), alarms, recall, recall * found[-1], alarms * misled[-1])
