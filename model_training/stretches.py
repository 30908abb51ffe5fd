"""How much of the skill is left when whole stretches of consecutive wafers are held out.

The wafer's name is the line's calendar. It orders the stretches here and never reaches a model.
"""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa

from model_training.fits import Fits
from wafer.evaluation.metrics import roc_auc
from wafer.model.families.held_out import folds, joined_folds
from wafer.model.recipe import Recipe
from wafer.model.training_set import TrainingSet
from wafer.wafers.arrays import Ints

STRETCHES = 5
_DIGITS = 20  # numbers in names are compared as if they had at least so many


def in_time(names: pa.ChunkedArray) -> Ints:
    """Return the order of the wafers by name, `Wafer-2` before `Wafer-10`, (wafers,)."""
    padded = [re.sub(r"\d+", lambda number: number[0].zfill(_DIGITS), name) for name in names.to_pylist()]
    return np.argsort(np.array(padded), kind="stable")


def begin_stretches(fits: Fits, order: Ints, training: TrainingSet, recipe: Recipe) -> Callable[[], float | None]:
    """Add what scores all wafers by models of the recipe's `stretch_family` that saw no wafer of their stretch.

    `order` is that of the wafers in time. The function returned gives the AUC when all is done. It is None when a
    stretch holds every wafer of one outcome, so that nothing can be learned from the others.
    """
    stretched = replace(training, fold=_stretch_of(order))
    if any(_one_outcome(stretched, unseen) for unseen in range(STRETCHES)):
        return lambda: None
    family = recipe.family(recipe.stretch_family)
    left = fits.add(fits.files("stretches", stretched), folds(family, stretched, recipe.seed))
    return lambda: roc_auc(training.failed, joined_folds(stretched, left))


def _stretch_of(order: Ints) -> Ints:
    """The stretch of each wafer, (wafers,)."""
    stretch = np.empty(len(order), np.int64)
    for number, places in enumerate(np.array_split(order, STRETCHES)):
        stretch[places] = number
    return stretch


def _one_outcome(stretched: TrainingSet, unseen: int) -> bool:
    return len(np.unique(stretched.failed[stretched.fold != unseen])) < 2
