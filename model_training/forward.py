"""How well models rank wafers of later batches, and of files that they never saw: a few fits that only judge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from model_training.fits import Fits
from model_training.learn import serving_family
from wafer.engine import Engine
from wafer.evaluation.walk_forward import Split, Timeline
from wafer.model.calibration import fit_calibration, probability_of, threshold_for
from wafer.model.families.held_out import fitted, scored
from wafer.model.families.protocol import Family, FitPlan, Piece
from wafer.model.recipe import Recipe
from wafer.model.training_set import TrainingSet
from wafer.wafers.arrays import Bools, Floats

_ASKED, _LEFT_OUT = -1, -2


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
    fits: Fits, training: TrainingSet, line: Timeline, scores: Mapping[str, Floats], recipe: Recipe, engine: Engine
) -> HeldOut:
    """Fit a lighter form of the family that serves, on all wafers of each past and of each fold of files.

    `scores` are those of the families on all wafers, out of fold: they say which family serves.
    """
    family = recipe.family(serving_family(training.failed, scores, recipe)).lighter()
    minima = recipe.min_failures, recipe.min_passes
    windows, folds = line.windows(training.failed, *minima), line.whole_files(training.failed, *minima)
    left = [_add(fits, number, family, training, split, recipe) for number, split in enumerate((*windows, *folds))]
    fits.run(engine, "steps of the tests on later wafers")
    answers = [_answer(path) for path in left]
    count = len(windows)
    return HeldOut(_together(len(training), windows, answers[:count]), _together(len(training), folds, answers[count:]))


def _add(fits: Fits, number: int, family: Family, training: TrainingSet, split: Split, recipe: Recipe) -> Path:
    """Let one test be done; its training set says in place of a fold which rows are asked about, and which left out."""
    marked = replace(training, fold=np.where(split.learn, training.fold, np.where(split.test, _ASKED, _LEFT_OUT)))
    steps = sum(piece.steps for piece in family.pieces(training.rows(split.learn), _plan(recipe)))
    work = partial(_save_answer, family=family, recipe=recipe)
    (path,) = fits.add(fits.files(f"test-{number}", marked), [Piece("answer", family.packages, steps, work)])
    return path


def _save_answer(training: TrainingSet, out: Path, *, family: Family, recipe: Recipe) -> None:
    """Probabilities of the wafers asked about, and the threshold that holds the budget where the model learned."""
    learned, asked = training.rows(training.fold >= 0), training.rows(training.fold == _ASKED)
    fit = fitted(family, learned, _plan(recipe), out.parent)
    calibration = fit_calibration(fit.scores, learned.failed)
    then = probability_of(calibration.log_odds(fit.scores))
    now = probability_of(calibration.log_odds(scored(fit.model, asked)))
    with out.open("wb") as file:
        np.savez(file, probability=now, threshold=threshold_for(recipe.false_alarm_budget, then, learned.failed))


def _answer(path: Path) -> tuple[Floats, float]:
    with np.load(path) as found:
        return found["probability"], float(found["threshold"])


def _plan(recipe: Recipe) -> FitPlan:
    return FitPlan(recipe.seed, in_cluster=False)


def _together(wafers: int, splits: Sequence[Split], answers: Sequence[tuple[Floats, float]]) -> Unseen:
    found = Unseen(np.full(wafers, np.nan), np.full(wafers, np.nan))
    tested: list[Bools] = [split.test for split in splits]
    for rows, (probability, threshold) in zip(tested, answers, strict=True):
        found.probability[rows], found.threshold[rows] = probability, threshold
    return found
