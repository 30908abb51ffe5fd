"""The figures of one family in one cluster, in the shape Kubeflow's `ClassificationMetrics` takes them."""

from dataclasses import dataclass

import numpy as np

from wafer.evaluation.curve import curve_of
from wafer.evaluation.metrics import measure
from wafer.evaluation.quality import Quality
from wafer.evaluation.reliability import ReliabilityBin, reliability
from wafer.model.calibration import threshold_for
from wafer.model.recipe import Recipe
from wafer.wafers.arrays import Bools, Floats

POINTS = 2000  # of the ROC curve, which Kubeflow and the page show
GROUPS = 5  # a cluster has fewer failures than all wafers together


@dataclass(frozen=True, slots=True)
class FamilyFigures:
    """Quality, ROC curve and confusion of scores the models never fitted."""

    quality: Quality
    threshold: float
    false_alarm_rate: list[float]  # ROC, from (0, 0) to (1, 1)
    recall: list[float]
    roc_threshold: list[float]  # finite: the first one is just above every probability
    confusion: list[
        list[int]
    ]  # [[passed and not flagged, passed but flagged], [failed but missed, failed and flagged]]
    calibration: list[ReliabilityBin]


def judge(failed: Bools, probability: Floats, recipe: Recipe) -> FamilyFigures:
    """Measure calibrated out-of-fold probabilities under the recipe's false-alarm budget."""
    threshold = threshold_for(recipe.false_alarm_budget, probability, failed)
    flagged = probability >= threshold
    curve = curve_of(failed, probability).thinned(POINTS)
    return FamilyFigures(
        quality=measure(failed, probability, flagged),
        threshold=threshold,
        false_alarm_rate=curve.false_alarm_rate.tolist(),
        recall=curve.recall.tolist(),
        roc_threshold=np.minimum(curve.threshold, 1.0).tolist(),
        confusion=[[int((flagged[failed == each] == flag).sum()) for flag in (False, True)] for each in (False, True)],
        calibration=reliability(failed, probability, GROUPS),
    )
