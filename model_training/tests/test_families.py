"""What each family promises: scores of rows it did not see, and margins that stay where they were."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from model_training.learn import fit_cluster, fit_families
from wafer.evaluation.metrics import roc_auc
from wafer.model.families.boosted_trees import BoostedTrees
from wafer.model.families.protocol import FitPlan
from wafer.model.families.random_forest import RandomForest
from wafer.model.recipe import Recipe
from wafer.model.training_set import TrainingSet, deal_folds, training_set

FOREST, BOOSTING = RandomForest(trees=80), BoostedTrees(rounds=60, learning_rate=0.1)
RECIPE = Recipe(families=(FOREST, BOOSTING))
FAMILIES = [family.name for family in RECIPE.families]


@pytest.fixture
def plan() -> Iterator[FitPlan]:
    with ThreadPoolExecutor(1) as pool:
        yield FitPlan(RECIPE.seed, in_cluster=False, n_jobs=1, pool=pool)


def _training_set(count: int, signal: float, seed: int = 0) -> TrainingSet:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, 12)).astype(np.float32)
    failed = rng.random(count) < 0.2
    features[failed, 0] += signal
    return training_set(features, failed, deal_folds(failed, RECIPE.folds))


@pytest.mark.parametrize("family", FAMILIES)
def test_noise_is_not_learned_by_heart(family: str, plan: FitPlan) -> None:
    training = _training_set(400, signal=0.0)

    fitted = fit_families(training, RECIPE, plan)[family]

    assert roc_auc(training.failed, fitted.model.score(training.features)) > 0.9
    assert roc_auc(training.failed, fitted.scores) < 0.62


@pytest.mark.parametrize("family", FAMILIES)
def test_a_signal_is_found_on_rows_not_seen(family: str, plan: FitPlan) -> None:
    training = _training_set(400, signal=2.0)

    fitted = fit_families(training, RECIPE, plan)[family]

    assert roc_auc(training.failed, fitted.scores) > 0.7
    assert np.isfinite(fitted.scores).all()


@pytest.mark.parametrize("count", [100, 300, 900])
def test_margins_of_boosted_trees_lie_in_the_same_place_however_many_wafers_they_saw(count: int) -> None:
    training = _training_set(count, signal=1.0)

    margins = BOOSTING.fit(training, RECIPE.seed).score(training.features[~training.failed])

    assert abs(margins.mean()) < 1e-4


def test_rows_of_small_weight_hardly_count(plan: FitPlan) -> None:
    training = _training_set(400, signal=2.0)
    flipped = np.where(np.arange(400) < 200, training.failed, ~training.failed)
    weight = np.where(np.arange(400) < 200, 1.0, 0.02)

    fitted = FOREST.begin(replace(training, failed=flipped, weight=weight), plan)()

    assert roc_auc(training.failed[:200], fitted.scores[:200]) > 0.7


def test_forest_scores_are_those_of_trees_that_did_not_draw_the_row(plan: FitPlan) -> None:
    training = replace(_training_set(9000, signal=1.0), weight=np.where(np.arange(9000) % 3, 1.0, 0.2))
    forest = RandomForest(trees=30)

    fitted = forest.begin(training, plan)()

    peer = RandomForestClassifier(
        30,
        min_samples_leaf=forest.min_leaf,
        max_depth=forest.max_depth,
        class_weight="balanced_subsample",
        max_samples=round(training.weight.sum()),
        oob_score=True,
        random_state=RECIPE.seed,
    ).fit(training.features, training.failed, training.weight)
    np.testing.assert_array_equal(fitted.scores, peer.oob_decision_function_[:, 1])


def test_boosting_on_blocks_of_rows_grows_the_trees_of_the_same_rows_in_one_piece() -> None:
    training = _training_set(20_000, signal=1.0).rows(np.arange(20_000) % 4 > 0)
    whole = training_set(training.features, training.failed, training.fold)

    assert BOOSTING.fit(training, RECIPE.seed).saved == BOOSTING.fit(whole, RECIPE.seed).saved


def test_rows_of_rows_are_the_same_without_a_copy() -> None:
    training = _training_set(100, signal=1.0)
    even = np.arange(100) % 2 == 0

    some = training.rows(even).rows(training.failed[even])

    assert some.table is training.table
    np.testing.assert_array_equal(some.features, training.features[even & training.failed])
    np.testing.assert_array_equal(np.concatenate([features for _, features in some.blocks()]), some.features)


def test_folds_are_stratified_and_hold_every_wafer_once() -> None:
    failed = np.arange(100) % 9 == 0

    fold = deal_folds(failed, RECIPE.folds)

    assert np.ptp(np.bincount(fold)) <= 2
    assert np.ptp(np.bincount(fold[failed])) <= 1


@pytest.mark.parametrize(("boosted", "family"), [(0.0, "random_forest"), (0.4, "random_forest"), (3.0, "xgboost")])
def test_xgboost_serves_only_where_it_is_clearly_better(boosted: float, family: str, plan: FitPlan) -> None:
    rng = np.random.default_rng(2)
    failed = np.arange(300) < 40
    training = training_set(np.zeros((300, 1), np.float32), failed, deal_folds(failed, RECIPE.folds))
    forest = rng.normal(size=300) + failed
    scores: dict[str, np.ndarray] = {
        "random_forest": forest,
        "xgboost": rng.normal(size=300) + (1 + boosted) * failed,
    }

    chosen = fit_cluster(training, np.ones(300, bool), scores, RECIPE, plan)

    assert chosen.family == family
    assert chosen.fitted is None


def test_many_wafers_grow_fewer_trees_and_few_wafers_all_of_them() -> None:
    training, forest = _training_set(400, signal=2.0), RandomForest(trees=60, work=8000, least_trees=15)

    few = forest.fit(training.rows(np.arange(400) < 100), RECIPE.seed)
    many = forest.fit(training, RECIPE.seed)
    most = replace(forest, work=1).fit(training, RECIPE.seed)

    assert [len(each.trees.roots) for each in (few, many, most)] == [60, 20, 15]
