"""How much of the skill is left when whole stretches of consecutive wafers are held out.

The wafer's name is the line's calendar. It orders the stretches here and never reaches a model.
"""

import numpy as np

from model_training.families import Sample, fit_forest
from model_training.learn import Lesson
from wafer.bundle.metrics import roc_auc
from wafer.bundle.recipe import Recipe
from wafer.bundle.wafers import Wafers, natural

STRETCHES = 5
TREES = 200


def stretch_auc(wafers: Wafers, lesson: Lesson, recipe: Recipe, n_jobs: int) -> float | None:
    """AUC of one forest on all wafers, each scored by trees that saw no wafer of its stretch.

    None when a stretch holds every wafer of one outcome, so that nothing can be learned from the others.
    """
    order = np.array(sorted(range(len(wafers)), key=lambda row: natural(wafers.names[row])))
    scores = np.empty(len(wafers))
    for held_out in np.array_split(order, STRETCHES):
        seen = np.ones(len(wafers), bool)
        seen[held_out] = False
        if len(np.unique(lesson.failed[seen])) < 2:
            return None
        sample = Sample(lesson.features, lesson.failed, np.ones(len(wafers))).rows(seen)
        forest = fit_forest(sample, recipe, TREES, n_jobs)
        scores[held_out] = forest.member.score(lesson.features[held_out])
    return roc_auc(lesson.failed, scores)
