"""How well models rank wafers of later batches, and of files that they never saw: a few fits that only judge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from model_training.fits import Fits
from model_training.learn import serving_family
from wafer.engine import Engine
from wafer.evaluation.held_out import HeldOutFigures, Tested
from wafer.evaluation.walk_forward import Split, Timeline
from wafer.model.calibration import fit_calibration, probability_of, threshold_for
from wafer.model.families.held_out import fitted, scored
from wafer.model.families.protocol import Family, FitPlan, Piece
from wafer.model.recent import recent_threshold
from wafer.model.recipe import Recipe
from wafer.model.training_set import TrainingSet
from wafer.wafers.arrays import Bools, Floats, Ints

_ASKED, _LEFT_OUT = -1, -2  # in place of a row's fold
MOST_PARTS = 40  # rows of the table by file; the files of a longer line are put together


@dataclass(frozen=True, slots=True)
class Unseen:
    """The answers of models that learned from other wafers; (wafers,) all, NaN where no test asked."""

    probability: Floats  # calibrated on the wafers that the model learned from
    threshold: Floats  # that the same wafers gave: what was known at that time
    test: Ints  # which model was asked; -1 for none

    def figures(self, failed: Bools, line: Timeline, budget: float, *, by_file: bool) -> HeldOutFigures | None:
        """Judge the answers as if each file had come by itself; None where nothing was asked, or of one outcome only.

        Both rules for the threshold: the one that was known, and the one by rank among the recent scores of the model.
        """
        asked = self.test >= 0
        if not 0 < failed[asked].sum() < asked.sum():
            return None
        flags = self.flagged(line, budget)

        def tested(name: str, rows: Bools) -> Tested:
            return Tested.of(name, failed[rows], self.probability[rows], flags[0][rows], flags[1][rows])

        files = np.unique(line.file[asked]) if by_file else np.empty(0, np.int64)
        groups = [each for each in np.array_split(files, min(len(files), MOST_PARTS) or 1) if len(each)]
        parts = tuple(tested(_named(line, each), asked & np.isin(line.file, each)) for each in groups)
        return HeldOutFigures.of(failed[asked], self.probability[asked], tested("", asked), parts)

    def flagged(self, line: Timeline, budget: float) -> tuple[Bools, Bools]:
        """Which wafers are flagged by the threshold that was known, and which by rank among recent scores."""
        return self.probability >= self.threshold, self._by_rank(line, budget)

    def _by_rank(self, line: Timeline, budget: float) -> Bools:
        """Flag file by file in the order of time; the scores of a model's earlier files are its reference."""
        flagged, before = np.zeros(len(self.test), bool), dict[int, list[Floats]]()
        asked = line.order[self.test[line.order] >= 0]
        for rows in np.split(asked, np.flatnonzero(np.diff(line.file[asked])) + 1):
            own, reference = self.probability[rows], before.setdefault(int(self.test[rows[0]]), [])
            found = recent_threshold(budget, own, reference, float(self.threshold[rows[0]]))
            flagged[rows] = own >= found.value
            reference.insert(0, own)
        return flagged


def _named(line: Timeline, files: Ints) -> str:
    first, last = line.names[files[0]], line.names[files[-1]]
    return first if first == last else f"{first} to {last}"


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The same wafers, asked of models of earlier files and of models of other files."""

    forward: Unseen
    whole_file: Unseen

    def figures(
        self, failed: Bools, line: Timeline, budget: float
    ) -> tuple[HeldOutFigures | None, HeldOutFigures | None]:
        """Figures forward in time, by file, and of whole files."""
        forward = self.forward.figures(failed, line, budget, by_file=True)
        return forward, self.whole_file.figures(failed, line, budget, by_file=False)


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
    found = Unseen(np.full(wafers, np.nan), np.full(wafers, np.nan), np.full(wafers, -1))
    for number, (split, (probability, threshold)) in enumerate(zip(splits, answers, strict=True)):
        found.probability[split.test], found.threshold[split.test] = probability, threshold
        found.test[split.test] = number
    return found
