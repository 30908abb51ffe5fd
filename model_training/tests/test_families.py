"""What each family promises: scores of rows it did not see, and margins that stay where they were."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from model_training.families import Sample, boost, fit_families, fit_forest
from model_training.learn import fit_cluster, make_lesson
from wafer.evaluation.metrics import roc_auc
from wafer.model.members import FAMILIES, Family, Member
from wafer.model.recipe import Recipe

RECIPE = Recipe(boosting_rounds=60, boosting_learning_rate=0.1)


def _sample(count: int, signal: float, seed: int = 0) -> Sample:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, 12)).astype(np.float32)
    failed = rng.random(count) < 0.2
    features[failed, 0] += signal
    return Sample(features, failed, np.ones(count))


@pytest.mark.parametrize("family", FAMILIES)
def test_noise_is_not_learned_by_heart(family: Family) -> None:
    sample = _sample(400, signal=0.0)
    lesson = make_lesson(sample.features, sample.failed, RECIPE)

    with ThreadPoolExecutor(1) as beside:
        fitted = fit_families(sample, lesson.fold, RECIPE, 80, 1, beside)[family]

    assert roc_auc(sample.failed, fitted.member.score(sample.features)) > 0.9
    assert roc_auc(sample.failed, fitted.scores) < 0.62


@pytest.mark.parametrize("family", FAMILIES)
def test_a_signal_is_found_on_rows_not_seen(family: Family) -> None:
    sample = _sample(400, signal=2.0)
    lesson = make_lesson(sample.features, sample.failed, RECIPE)

    with ThreadPoolExecutor(1) as beside:
        fitted = fit_families(sample, lesson.fold, RECIPE, 80, 1, beside)[family]

    assert roc_auc(sample.failed, fitted.scores) > 0.7
    assert np.isfinite(fitted.scores).all()


@pytest.mark.parametrize("count", [100, 300, 900])
def test_margins_of_boosted_trees_lie_in_the_same_place_however_many_wafers_they_saw(count: int) -> None:
    sample = _sample(count, signal=1.0)

    margins = Member("xgboost", boost(sample, RECIPE)).score(sample.features[~sample.failed])

    assert abs(margins.mean()) < 1e-4


def test_rows_of_small_weight_hardly_count() -> None:
    sample = _sample(400, signal=2.0)
    flipped = np.where(np.arange(400) < 200, sample.failed, ~sample.failed)
    weight = np.where(np.arange(400) < 200, 1.0, 0.02)

    fitted = fit_forest(Sample(sample.features, flipped, weight), RECIPE, trees=80, n_jobs=1)

    assert roc_auc(sample.failed[:200], fitted.scores[:200]) > 0.7


def test_folds_are_stratified_and_hold_every_wafer_once() -> None:
    failed = np.arange(100) % 9 == 0

    fold = make_lesson(np.zeros((100, 1), np.float32), failed, RECIPE).fold

    assert np.ptp(np.bincount(fold)) <= 2
    assert np.ptp(np.bincount(fold[failed])) <= 1


@pytest.mark.parametrize(("boosted", "family"), [(0.0, "random_forest"), (0.4, "random_forest"), (3.0, "xgboost")])
def test_xgboost_serves_only_where_it_is_clearly_better(boosted: float, family: Family) -> None:
    rng = np.random.default_rng(2)
    failed = np.arange(300) < 40
    lesson = make_lesson(np.zeros((300, 1), np.float32), failed, RECIPE)
    forest = rng.normal(size=300) + failed
    scores: dict[Family, np.ndarray] = {
        "random_forest": forest,
        "xgboost": rng.normal(size=300) + (1 + boosted) * failed,
    }

    with ThreadPoolExecutor(1) as beside:
        chosen = fit_cluster(lesson, np.ones(300, bool), scores, RECIPE, 1, beside)

    assert chosen.family == family
    assert chosen.fitted is None


def test_many_wafers_grow_fewer_trees_and_few_wafers_all_of_them() -> None:
    sample, recipe = _sample(400, signal=2.0), replace(RECIPE, forest_work=8000, forest_least_trees=15)

    few = fit_forest(sample.rows(np.arange(400) < 100), recipe, trees=60, n_jobs=1)
    many = fit_forest(sample, recipe, trees=60, n_jobs=1)
    most = fit_forest(sample, replace(recipe, forest_work=1), trees=60, n_jobs=1)

    grown = [each.member.booster.num_boosted_rounds() for each in (few, many, most)]
    assert grown == [60, 20, 15]
