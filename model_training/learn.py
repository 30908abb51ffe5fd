"""Fit both families on all wafers, then each cluster's members; judge everything on scores the models never fitted."""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from model_training.families import Fitted, fit_families
from wafer.evaluation.metrics import auc_gain
from wafer.model.calibration import Calibration, fit_calibration
from wafer.model.members import FAMILIES, Family
from wafer.model.recipe import Recipe
from wafer.model.training_set import TrainingSet
from wafer.wafers.arrays import Bools, Floats


@dataclass(frozen=True, slots=True)
class ClusterFit:
    """What a cluster's own members add to the global ones; rows are the cluster's wafers."""

    family: Family  # the one that serves
    fitted: Fitted | None  # the cluster's own member of that family; None where the global one is the cluster's
    calibrations: Mapping[Family, Calibration]
    scores: Mapping[Family, Floats]  # (cluster's wafers,) out of fold, both members averaged


def fit_global(training: TrainingSet, recipe: Recipe, n_jobs: int, pool: Executor) -> dict[Family, Fitted]:
    """Fit both families on every wafer alike."""
    return fit_families(training, recipe, recipe.forest_trees, n_jobs, pool)


def fit_cluster(
    training: TrainingSet,
    inside: Bools,
    everywhere: Mapping[Family, Floats],
    recipe: Recipe,
    n_jobs: int,
    pool: Executor,
) -> ClusterFit:
    """Fit a cluster's members on all wafers, those of other clusters with a small weight, and choose the family.

    `everywhere` are the out-of-fold scores of the global members, (wafers,). Where one cluster holds all wafers its
    members would be the global ones, and nothing is fitted.
    """
    if inside.all():
        return _choose(training.failed, everywhere, recipe)
    weighted = training.weighted(np.where(inside, 1.0, recipe.out_of_cluster_weight))
    own = fit_families(weighted, recipe, recipe.forest_trees_cluster, n_jobs, pool)
    share = recipe.cluster_share
    mixed = {f: share * own[f].scores[inside] + (1 - share) * everywhere[f][inside] for f in FAMILIES}
    chosen = _choose(training.failed[inside], mixed, recipe)
    return replace(chosen, fitted=own[chosen.family])


def _choose(failed: Bools, scores: Mapping[Family, Floats], recipe: Recipe) -> ClusterFit:
    """Take the forest, unless XGBoost ranks better out of fold by more than chance explains.

    Some 30 failing wafers tell two families apart to about .04 of AUC: the plain winner was the worse one on new wafers
    in six of seven cases where XGBoost won.
    """
    gain, error = auc_gain(failed, scores["xgboost"], scores["random_forest"])
    family: Family = "xgboost" if gain > recipe.family_confidence * error else "random_forest"
    calibrations = {each: fit_calibration(scores[each], failed) for each in FAMILIES}
    return ClusterFit(family, None, calibrations, scores)
