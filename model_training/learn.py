"""Fit both families on all wafers, then each cluster's members; judge everything on scores the models never fitted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from model_training.families import Fitted, Sample, fit, fit_and_score, run_all
from wafer.bundle.calibration import Calibration, fit_calibration
from wafer.bundle.members import FAMILIES, Family
from wafer.bundle.metrics import roc_auc
from wafer.bundle.recipe import Recipe
from wafer.bundle.wafers import Bools, Features, Floats, Ints

Task = Callable[[], Fitted | Floats]


@dataclass(frozen=True, slots=True)
class GlobalFit:
    """Both families fitted on every wafer alike."""

    fitted: Mapping[Family, Fitted]
    scores: Mapping[Family, Floats]  # (wafers,) out of fold


@dataclass(frozen=True, slots=True)
class ClusterFit:
    """What a cluster's own members add to the global ones; rows are the cluster's wafers."""

    family: Family  # the better one out of fold
    fitted: Fitted | None  # the cluster's own member of that family; None where the global one is the cluster's
    calibrations: Mapping[Family, Calibration]
    scores: Mapping[Family, Floats]  # (cluster's wafers,) out of fold, both members averaged


def split_folds(failed: Bools, folds: int) -> Ints:
    """Deal failing and passing wafers out in turn, (wafers,): stratified, and as settled as the order of the rows.

    `training_rows` orders wafers by a digest of their readings, so the deal is random but neither the wafer's number
    nor its file takes part in it.
    """
    fold = np.empty(len(failed), dtype=np.int64)
    for outcome in (True, False):
        members = np.flatnonzero(failed == outcome)
        fold[members] = np.arange(len(members)) % folds
    return fold


def fit_global(features: Features, failed: Bools, fold: Ints, recipe: Recipe, n_jobs: int) -> GlobalFit:
    """Fit both families on all wafers, and once more per fold for scores out of fold."""
    sample = Sample(features, failed, np.ones(len(failed)))
    tasks: dict[tuple[Family, int], Task] = {}
    for family in FAMILIES:
        tasks[family, -1] = partial(fit, family, sample, recipe, recipe.seed, recipe.forest_trees)
        for number in range(fold.max() + 1):
            tasks[family, number] = _fold_task(
                family, sample, fold, number, features[fold == number], recipe, recipe.forest_trees
            )
    done = run_all(tasks, n_jobs)
    scores = {family: _gather(done, family, fold, np.ones(len(fold), bool)) for family in FAMILIES}
    return GlobalFit({family: done[family, -1] for family in FAMILIES}, scores)  # type: ignore[misc] # task -1 fits


def fit_cluster(
    features: Features,
    failed: Bools,
    fold: Ints,
    inside: Bools,
    everywhere: Mapping[Family, Floats],
    recipe: Recipe,
    n_jobs: int,
) -> ClusterFit:
    """Fit the members of one cluster on all wafers, those of other clusters with a small weight, and choose the family.

    `everywhere` are the out-of-fold scores of the global members, (wafers,).
    """
    if inside.all():
        return _choose(failed, everywhere)
    sample = Sample(features, failed, np.where(inside, 1.0, recipe.out_of_cluster_weight))
    tasks: dict[tuple[Family, int], Task] = {
        (family, number): _fold_task(
            family, sample, fold, number, features[inside & (fold == number)], recipe, recipe.forest_trees_cluster
        )
        for family in FAMILIES
        for number in range(fold.max() + 1)
    }
    done = run_all(tasks, n_jobs)
    own = {family: _gather(done, family, fold, inside) for family in FAMILIES}
    share = recipe.cluster_share
    mixed = {f: share * own[f][inside] + (1 - share) * everywhere[f][inside] for f in FAMILIES}
    chosen = _choose(failed[inside], mixed)
    return replace(chosen, fitted=fit(chosen.family, sample, recipe, recipe.seed, recipe.forest_trees_cluster))


def _fold_task(
    family: Family, sample: Sample, fold: Ints, number: int, unseen: Features, recipe: Recipe, trees: int
) -> Task:
    return partial(fit_and_score, family, sample.rows(fold != number), unseen, recipe, recipe.seed + 1 + number, trees)


def _gather(done: Mapping[tuple[Family, int], Fitted | Floats], family: Family, fold: Ints, asked: Bools) -> Floats:
    """Put the scores of the folds back into the order of the wafers; NaN where nobody asked."""
    scores = np.full(len(fold), np.nan)
    for number in range(fold.max() + 1):
        scores[asked & (fold == number)] = done[family, number]
    return scores


def _choose(failed: Bools, scores: Mapping[Family, Floats]) -> ClusterFit:
    """Take the family that ranks better out of fold; the first one when they tie."""
    family = max(FAMILIES, key=lambda each: roc_auc(failed, scores[each]))
    calibrations = {each: fit_calibration(scores[each], failed) for each in FAMILIES}
    return ClusterFit(family, None, calibrations, scores)
