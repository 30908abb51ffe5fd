"""What the interface shows of a version's bundle. Imports pyarrow, so the service loads it with the first bundle."""

from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np

from application.api.curves import BUDGETS, Scores, budget_of, calibration_of, cluster_of, curve_points, figures_of
from application.api.predictions import Predicted
from application.api.shapes.models import ModelCurves, SensorRange, ThreeWays
from application.api.shapes.predictions import Budgets
from application.api.shapes.sensors import TrainingReadings
from wafer.errors import ObjectNotFound
from wafer.evaluation.backtest import tested_files
from wafer.evaluation.held_out import Flagged
from wafer.evaluation.promised import PromisedRanking
from wafer.model.assembly import STATISTICS, load_scores, verify_bundle
from wafer.model.calibration import threshold_for
from wafer.model.codec import from_json
from wafer.model.files import read_json
from wafer.model.out_of_fold import OutcomeCounts
from wafer.model.statistics import LEVELS, SensorStatistics, StatisticsFile
from wafer.model.summaries import BundleSummary
from wafer.wafers.arrays import Floats

SAME = 1e-9  # budgets that differ by less


@dataclass(frozen=True, slots=True)
class BundleView:
    """Scores, statistics and summary of a bundle; its trees are not loaded."""

    out_of_fold: OutcomeCounts
    statistics: SensorStatistics
    about: BundleSummary

    def curves(self, number: int) -> ModelCurves:
        """How good the version of this number is."""
        rows = self.out_of_fold
        budget = self.about.recipe.false_alarm_budget
        threshold = rows.threshold(budget)
        return ModelCurves(
            version=number,
            wafers=len(rows.failed),
            failures=int(rows.failed.sum()),
            false_alarm_budget=budget,
            threshold=threshold,
            held_out=self._held_out(budget),
            figures=figures_of(rows, threshold),
            curve=curve_points(rows),
            calibration=calibration_of(rows),
            clusters=[cluster_of(summary) for summary in self.about.clusters],
            families={family.name: family.label for family in self.about.recipe.families},
        )

    def promised(self) -> PromisedRanking | None:
        """What the test forward in time promises of the ranking; None without one."""
        if not (found := self.about.forward):
            return None
        return PromisedRanking.of(found.auc, found.pooled.failures, found.pooled.wafers - found.pooled.failures)

    def _held_out(self, budget: float) -> ThreeWays:
        forward, whole_files = self.about.forward, self.about.whole_files
        return ThreeWays(
            forward=tested_files(forward) if forward else None,
            whole_files=tested_files(whole_files) if whole_files else None,
            random=tested_files(self.out_of_fold.held_out(budget)),
        )

    def sensor(self, number: int, name: str) -> SensorRange:
        """How a sensor read on the wafers of the training set. Raises `ObjectNotFound`."""
        statistics = self.statistics
        if name not in statistics.sensors:
            raise ObjectNotFound(f"Version {number} has no sensor {name[:80]!r}.")
        at = statistics.sensors.index(name)
        return SensorRange(
            sensor=name,
            levels=list(LEVELS),
            quantiles=_finite(statistics.quantiles[at]),
            failing=_finite(statistics.failing[at]),
            missing=float(statistics.missing[at]),
        )

    def trained(self, name: str) -> TrainingReadings:
        """How a sensor read on all training wafers. Raises `ObjectNotFound`."""
        statistics = self.statistics
        if name not in statistics.sensors:
            raise ObjectNotFound(f"The model has no sensor {name[:80]!r}.")
        at = statistics.sensors.index(name)
        return TrainingReadings(
            wafers=statistics.wafers,
            failures=statistics.failures,
            missing=float(statistics.missing[at]),
            passing=_finite(statistics.quantiles[at]),
            failing=_finite(statistics.failing[at]),
        )

    def budgets(self, number: int, run_id: str, predicted: Predicted, used: float) -> Budgets:
        """What each false-alarm budget would mean for a run's wafers; `used` is the run's own, 0 the model's."""
        current = used or self.about.recipe.false_alarm_budget
        scores = Scores(predicted.probabilities, predicted.unlike, predicted.good, predicted.failed)
        return Budgets(
            run_id=run_id,
            model_version=number,
            current=current,
            wafers=len(predicted.probabilities),
            in_training=predicted.in_training,
            own=budget_of(self.out_of_fold, current, scores, predicted.threshold, self._later(current, predicted)),
            budgets=[
                budget_of(
                    self.out_of_fold,
                    budget,
                    scores,
                    self._threshold(budget, current, predicted),
                    self._later(budget, predicted),
                )
                for budget in BUDGETS
            ],
        )

    def _later(self, budget: float, predicted: Predicted) -> Flagged | None:
        """What the run's rule flagged on later files, which was tested with the budget of the training alone."""
        forward = self.about.forward
        if forward is None or abs(budget - self.about.recipe.false_alarm_budget) >= SAME:
            return None
        return forward.pooled.recent if predicted.by_rank else forward.pooled.fixed

    def _threshold(self, budget: float, current: float, predicted: Predicted) -> float:
        """That of a budget by the rule of the run: found out of fold, or by rank among the run's own scores.

        A run of few wafers is ranked among those of earlier runs too, which are not known here: a larger budget than
        its own never flags fewer of its wafers, a smaller one never more.
        """
        if not predicted.by_rank:
            return self.out_of_fold.threshold(budget)
        if abs(budget - current) < SAME:
            return predicted.threshold
        scores = predicted.probabilities[np.isfinite(predicted.probabilities)]
        found = threshold_for(budget, scores, np.zeros(len(scores), bool))
        return min(found, predicted.threshold) if budget > current else max(found, predicted.threshold)


def _finite(values: Floats) -> list[float | None]:
    return [float(value) if isfinite(value) else None for value in values]


def read_bundle(folder: Path, digest: str) -> BundleView:
    """Read a bundle. Raises `BundleRejected` when it is not the one of this digest."""
    about = from_json(BundleSummary, verify_bundle(folder, digest).about)
    return BundleView(load_scores(folder, about), read_json(folder / STATISTICS, StatisticsFile).statistics, about)
