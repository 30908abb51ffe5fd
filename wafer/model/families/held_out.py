"""Honest scores for any family: fit without some rows, then score these."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from wafer.model.families.protocol import Family, FamilyModel, FitPlan, Fitted, Piece
from wafer.model.training_set import TrainingSet
from wafer.wafers.arrays import Bools, Floats


def whole_and_folds(family: Family, training: TrainingSet, plan: FitPlan) -> list[Piece]:
    """The pieces of a family that is fitted on all rows, and once more without each fold to score that fold."""
    work = partial(_save_fit, family=family, seed=plan.seed)
    whole = Piece(f"{family.name}-whole", family.packages, family.steps(len(training)), work)
    return [whole, *folds(family, training, plan.seed)]


def joined_whole_and_folds(family: Family, training: TrainingSet, files: Sequence[Path]) -> Fitted:
    """What the pieces of `whole_and_folds` left."""
    whole, *parts = files
    return Fitted(family.load(whole), joined_folds(training, parts))


def fitted(family: Family, training: TrainingSet, plan: FitPlan, folder: Path) -> Fitted:
    """Do all pieces of a family in this thread; their files lie in the folder, which is there."""
    rows = training.compact()
    with TemporaryDirectory(dir=folder) as scratch:
        left = [(piece, Path(scratch) / piece.name) for piece in family.pieces(rows, plan)]
        for piece, path in left:
            piece.work(rows, path)
        return family.joined(rows, [path for _, path in left])


def folds(family: Family, training: TrainingSet, seed: int) -> list[Piece]:
    """The pieces that score every fold by a model of the others."""
    steps = family.steps(len(training))
    return [
        Piece(
            f"{family.name}-{fold}", family.packages, steps, partial(_save_scores, family=family, seed=seed, fold=fold)
        )
        for fold in range(int(training.fold.max()) + 1)
    ]


def joined_folds(training: TrainingSet, files: Sequence[Path]) -> Floats:
    """What the pieces of `folds` left: an honest score for every row, (rows,)."""
    scores = np.empty(len(training))
    for fold, path in enumerate(files):
        scores[training.fold == fold] = np.load(path)
    return scores


def score_unseen(family: Family, training: TrainingSet, unseen: Bools, seed: int) -> Floats:
    """Score rows by a model fitted on the others."""
    return scored(family.fit(training.rows(~unseen), seed), training.rows(unseen))


def scored(model: FamilyModel, rows: TrainingSet) -> Floats:
    """Score rows, a block after the other."""
    scores = np.empty(len(rows))
    for some, features in rows.blocks():
        scores[some] = model.score(features)
    return scores


def _save_fit(training: TrainingSet, out: Path, *, family: Family, seed: int) -> None:
    family.fit(training, seed).save(out)


def _save_scores(training: TrainingSet, out: Path, *, family: Family, seed: int, fold: int) -> None:
    with out.open("wb") as file:  # `np.save` adds to the name of a path
        np.save(file, score_unseen(family, training, training.fold == fold, seed))
