"""How much of the skill is left when whole stretches of consecutive wafers are held out.

The wafer's name is the line's calendar. It orders the stretches here and never reaches a model.
"""

from concurrent.futures import Executor

import numpy as np

from wafer.evaluation.metrics import roc_auc
from wafer.model.families.held_out import score_unseen
from wafer.model.recipe import Recipe
from wafer.model.training_set import TrainingSet
from wafer.wafers.arrays import Bools, Wafers, natural

STRETCHES = 5


def stretch_auc(wafers: Wafers, training: TrainingSet, recipe: Recipe, pool: Executor) -> float | None:
    """AUC of the recipe's `stretch_family` on all wafers, each scored by a model that saw no wafer of its stretch.

    None when a stretch holds every wafer of one outcome, so that nothing can be learned from the others.
    """
    order = np.array(sorted(range(len(wafers)), key=lambda row: natural(wafers.names[row])))
    stretches = [np.isin(np.arange(len(wafers)), part) for part in np.array_split(order, STRETCHES)]
    if any(_one_outcome(training.failed[~unseen]) for unseen in stretches):
        return None
    family, scores = recipe.family(recipe.stretch_family), np.empty(len(wafers))
    found = pool.map(lambda unseen: score_unseen(family, training, unseen, recipe.seed), stretches)
    for unseen, part in zip(stretches, found, strict=True):
        scores[unseen] = part
    return roc_auc(training.failed, scores)


def _one_outcome(failed: Bools) -> bool:
    return len(np.unique(failed)) < 2
