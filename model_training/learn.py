"""Fit every family on all wafers, then for each cluster; judge everything on scores the models never fitted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from model_training.fits import Fits
from wafer.engine import Engine
from wafer.evaluation.intervals import auc_gain
from wafer.model.calibration import Calibration, fit_calibration
from wafer.model.families.protocol import FitPlan, Fitted
from wafer.model.recipe import Recipe
from wafer.model.training_set import TrainingSet
from wafer.wafers.arrays import Bools, Floats


@dataclass(frozen=True, slots=True)
class ClusterFit:
    """What a cluster's own models add to the global ones; rows are the cluster's wafers."""

    family: str  # the one that serves
    fitted: Fitted | None  # the cluster's own model of that family; None where the global one is the cluster's
    calibrations: Mapping[str, Calibration]
    scores: Mapping[str, Floats]  # (cluster's wafers,) out of fold, own and global model averaged


def begin_families(
    fits: Fits, name: str, training: TrainingSet, recipe: Recipe, plan: FitPlan
) -> Callable[[], dict[str, Fitted]]:
    """Add what fits every family on all rows; the function returned joins it when all is done."""
    files = fits.files(name, training)
    left = {family.name: fits.add(files, family.pieces(training, plan)) for family in recipe.families}
    return lambda: {family.name: family.joined(training, left[family.name]) for family in recipe.families}


def fit_families(fits: Fits, training: TrainingSet, recipe: Recipe, plan: FitPlan, engine: Engine) -> dict[str, Fitted]:
    """Fit every family on all rows."""
    joined = begin_families(fits, "wafers", training, recipe, plan)
    fits.run(engine, "steps of the fits")
    return joined()


def fit_cluster(
    fits: Fits, training: TrainingSet, inside: Bools, everywhere: Mapping[str, Floats], recipe: Recipe, engine: Engine
) -> ClusterFit:
    """Fit a cluster's models on all wafers, those of other clusters with a small weight, and choose the family.

    `everywhere` are the out-of-fold scores of the global models, (wafers,). Where one cluster holds all wafers its
    models would be the global ones, and nothing is fitted.
    """
    if inside.all():
        return _choose(training.failed, everywhere, recipe)
    weighted = training.weighted(np.where(inside, 1.0, recipe.out_of_cluster_weight))
    own = fit_families(fits, weighted, recipe, FitPlan(recipe.seed, in_cluster=True), engine)
    share = recipe.cluster_share
    mixed = {name: share * each.scores[inside] + (1 - share) * everywhere[name][inside] for name, each in own.items()}
    chosen = _choose(training.failed[inside], mixed, recipe)
    return replace(chosen, fitted=own[chosen.family])


def serving_family(failed: Bools, scores: Mapping[str, Floats], recipe: Recipe) -> str:
    """Take the recipe's first family, unless another ranks better out of fold by more than chance explains.

    Some 30 failing wafers tell two families apart to about .04 of AUC: the plain winner was the worse one on new wafers
    in six of seven cases where XGBoost won.
    """
    first, *others = (family.name for family in recipe.families)
    gains = {name: auc_gain(failed, scores[name], scores[first]) for name in others}
    better = [name for name, (gain, error) in gains.items() if gain > recipe.family_confidence * error]
    return max(better, key=lambda name: gains[name][0], default=first)


def _choose(failed: Bools, scores: Mapping[str, Floats], recipe: Recipe) -> ClusterFit:
    family = serving_family(failed, scores, recipe)
    calibrations = {name: fit_calibration(each, failed) for name, each in scores.items()}
    return ClusterFit(family, None, calibrations, scores)
