"""How much of the skill is left when whole stretches of consecutive wafers are held out.

The wafer's name is the line's calendar. It orders the stretches here and never reaches a model.
"""

import re
from concurrent.futures import Executor

import numpy as np
import pyarrow as pa

from wafer.evaluation.metrics import roc_auc
from wafer.model.families.held_out import score_unseen
from wafer.model.recipe import Recipe
from wafer.model.training_set import TrainingSet
from wafer.wafers.arrays import Bools, Ints

STRETCHES = 5
_DIGITS = 20  # numbers in names are compared as if they had at least so many


def in_time(names: pa.ChunkedArray) -> Ints:
    """Return the order of the wafers by name, `Wafer-2` before `Wafer-10`, (wafers,)."""
    padded = [re.sub(r"\d+", lambda number: number[0].zfill(_DIGITS), name) for name in names.to_pylist()]
    return np.argsort(np.array(padded), kind="stable")


def stretch_auc(order: Ints, training: TrainingSet, recipe: Recipe, pool: Executor) -> float | None:
    """AUC of the recipe's `stretch_family` on all wafers, each scored by a model that saw no wafer of its stretch.

    `order` is that of the wafers in time. None when a stretch holds every wafer of one outcome, so that nothing can be
    learned from the others.
    """
    stretches = [_rows(part, len(training)) for part in np.array_split(order, STRETCHES)]
    if any(_one_outcome(training.failed[~unseen]) for unseen in stretches):
        return None
    family, scores = recipe.family(recipe.stretch_family), np.empty(len(training))
    found = pool.map(lambda unseen: score_unseen(family, training, unseen, recipe.seed), stretches)
    for unseen, part in zip(stretches, found, strict=True):
        scores[unseen] = part
    return roc_auc(training.failed, scores)


def _rows(places: Ints, count: int) -> Bools:
    rows: Bools = np.zeros(count, bool)
    rows[places] = True
    return rows


def _one_outcome(failed: Bools) -> bool:
    return len(np.unique(failed)) < 2
