"""How well models rank wafers of later batches, and of files that they never saw: a few fits that only judge."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from model_training.learn import serving_family
from wafer.evaluation.walk_forward import Split, Timeline
from wafer.model.calibration import fit_calibration, probability_of, threshold_for
from wafer.model.families.held_out import scored
from wafer.model.families.protocol import Family, FitPlan
from wafer.model.recipe import Recipe
from wafer.model.training_set import TrainingSet
from wafer.progress import report_each
from wafer.wafers.arrays import Bools, Floats


@dataclass(frozen=True, slots=True)
class Unseen:
    """The answers of models that learned from other wafers; (wafers,) both, NaN where no test asked."""

    probability: Floats  # calibrated on the wafers that the model learned from
    threshold: Floats  # that the same wafers gave: what was known at that time


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The same wafers, asked of models of earlier files and of models of other files."""

    forward: Unseen
    whole_file: Unseen


def held_out(
    training: TrainingSet, line: Timeline, scores: Mapping[str, Floats], recipe: Recipe, n_jobs: int
) -> HeldOut:
    """Fit a lighter form of the family that serves, on all wafers of each past and of each fold of files.

    `scores` are those of the families on all wafers, out of fold: they say which family serves.
    """
    family = recipe.family(serving_family(training.failed, scores, recipe)).lighter()
    minima = recipe.min_failures, recipe.min_passes
    windows, folds = line.windows(training.failed, *minima), line.whole_files(training.failed, *minima)
    with ThreadPoolExecutor(n_jobs) as pool:
        parts = [pool.submit(_asked, family, training, split, recipe) for split in (*windows, *folds)]
        report_each(parts, "tests on later wafers")
        answers = [part.result() for part in parts]
    count = len(windows)
    return HeldOut(_together(len(training), windows, answers[:count]), _together(len(training), folds, answers[count:]))


def _asked(family: Family, training: TrainingSet, split: Split, recipe: Recipe) -> tuple[Floats, float]:
    """Probabilities of the wafers asked about, and the threshold that holds the budget where the model learned."""
    learned = training.rows(split.learn)
    with ThreadPoolExecutor(1) as pool:
        fitted = family.begin(learned, FitPlan(recipe.seed, in_cluster=False, n_jobs=1, pool=pool))()
    calibration = fit_calibration(fitted.scores, learned.failed)
    then = probability_of(calibration.log_odds(fitted.scores))
    now = probability_of(calibration.log_odds(scored(fitted.model, training.rows(split.test))))
    return now, threshold_for(recipe.false_alarm_budget, then, learned.failed)


def _together(wafers: int, splits: Sequence[Split], answers: Sequence[tuple[Floats, float]]) -> Unseen:
    found = Unseen(np.full(wafers, np.nan), np.full(wafers, np.nan))
    tested: list[Bools] = [split.test for split in splits]
    for rows, (probability, threshold) in zip(tested, answers, strict=True):
        found.probability[rows], found.threshold[rows] = probability, threshold
    return found
