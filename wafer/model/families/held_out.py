"""Honest scores for any family: fit without some rows, then score these."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import numpy as np

from wafer.model.families.protocol import Family, FamilyModel, FitPlan, Fitted
from wafer.model.training_set import TrainingSet
from wafer.progress import report_each
from wafer.wafers.arrays import Bools, Floats


def begin_with_folds(family: Family, training: TrainingSet, plan: FitPlan) -> Callable[[], Fitted]:
    """Fit on all rows, and once more without each fold to score that fold, all of it in the plan's pool."""
    everything = plan.pool.submit(family.fit, training, plan.seed)
    held_out = [training.fold == number for number in range(int(training.fold.max()) + 1)]
    parts = [plan.pool.submit(score_unseen, family, training, unseen, plan.seed) for unseen in held_out]
    fits: list[Future[Any]] = [everything, *parts]
    report_each(fits, f"{family.label} fits")

    def collect() -> Fitted:
        scores = np.empty(len(training))
        for unseen, part in zip(held_out, parts, strict=True):
            scores[unseen] = part.result()
        return Fitted(everything.result(), scores)

    return collect


def score_unseen(family: Family, training: TrainingSet, unseen: Bools, seed: int) -> Floats:
    """Score rows by a model fitted on the others."""
    return scored(family.fit(training.rows(~unseen), seed), training.rows(unseen))


def scored(model: FamilyModel, rows: TrainingSet) -> Floats:
    """Score rows, a block after the other."""
    scores = np.empty(len(rows))
    for some, features in rows.blocks():
        scores[some] = model.score(features)
    return scores
