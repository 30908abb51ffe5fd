"""What each family promises: scores of rows it did not see, and margins that stay where they were."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import xgboost
from sklearn.ensemble import RandomForestClassifier

from model_training.fits import Fits
from model_training.learn import fit_cluster, fit_families
from wafer.engine import Inline
from wafer.evaluation.metrics import roc_auc
from wafer.model.calibration import threshold_for
from wafer.model.families.binned_rows import in_bins
from wafer.model.families.boosted_trees import BoostedTrees
from wafer.model.families.forest_as_booster import booster_of
from wafer.model.families.forest_part import OutOfBag
from wafer.model.families.protocol import FitPlan, Fitted
from wafer.model.families.random_forest import RandomForest
from wafer.model.families.tree_model import TreeModel
from wafer.model.recipe import Recipe
from wafer.model.training_set import TrainingSet, deal_folds, training_set
from wafer.process import cores
from wafer.tests.forests import kept
from wafer.wafers.arrays import Features
from wafer.wafers.table import ROWS_AT_ONCE

FOREST, BOOSTING = RandomForest(trees=80), BoostedTrees(rounds=60, learning_rate=0.1)
RECIPE = Recipe(families=(FOREST, BOOSTING))
FAMILIES = [family.name for family in RECIPE.families]


def _fitted(fits: Fits, training: TrainingSet, recipe: Recipe = RECIPE) -> dict[str, Fitted]:
    """Fit every family on rows of which a copy is the table that the fits read."""
    table = fits.features(*training.features.shape)
    table[:] = training.features
    plan = FitPlan(recipe.seed, in_cluster=False)
    return fit_families(fits, replace(training, table=table, chosen=None), recipe, plan, Inline(1))


def _training_set(count: int, signal: float, seed: int = 0) -> TrainingSet:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, 12)).astype(np.float32)
    failed = rng.random(count) < 0.2
    features[failed, 0] += signal
    return training_set(features, failed, deal_folds(failed, RECIPE.folds))


@pytest.mark.parametrize("family", FAMILIES)
def test_noise_is_not_learned_by_heart(family: str, fits: Fits) -> None:
    training = _training_set(400, signal=0.0)

    fitted = _fitted(fits, training)[family]

    assert roc_auc(training.failed, fitted.model.score(training.features)) > 0.9
    assert roc_auc(training.failed, fitted.scores) < 0.62


@pytest.mark.parametrize("family", FAMILIES)
def test_a_signal_is_found_on_rows_not_seen(family: str, fits: Fits) -> None:
    training = _training_set(400, signal=2.0)

    fitted = _fitted(fits, training)[family]

    assert roc_auc(training.failed, fitted.scores) > 0.7
    assert np.isfinite(fitted.scores).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_contributions_are_measured_from_the_usual_passing_wafer(family: str, fits: Fits) -> None:
    training, unseen = _training_set(400, signal=2.0), _training_set(400, signal=2.0, seed=1)

    fitted = _fitted(fits, training)[family]
    pushed, scores = fitted.model.contributions(unseen.features).sum(axis=1), fitted.model.score(unseen.features)

    assert np.ptp(scores - pushed) < 1e-4
    assert abs(pushed[~unseen.failed].mean()) < 0.15 * pushed[unseen.failed].mean()
    assert (pushed[np.argsort(-scores)[:40]] > 0).all()


@pytest.mark.parametrize("count", [100, 300, 900])
def test_margins_of_boosted_trees_lie_in_the_same_place_however_many_wafers_they_saw(count: int) -> None:
    training = _training_set(count, signal=1.0)

    margins = BOOSTING.fit(training, RECIPE.seed).score(training.features[~training.failed])

    assert abs(margins.mean()) < 1e-4


def test_a_booster_may_end_in_leaves_that_only_failing_wafers_come_to() -> None:
    failed = np.arange(60) >= 30
    readings = np.column_stack([failed + 0.0, np.zeros(60)]).astype(np.float32)  # the last leaf holds no passing wafer
    training = training_set(readings, failed, deal_folds(failed, 3))

    model = BoostedTrees(rounds=5).fit(training, seed=7)

    assert model.score(readings[failed]).min() > model.score(readings[~failed]).max()


def test_rows_of_small_weight_hardly_count(fits: Fits) -> None:
    training = _training_set(400, signal=2.0)
    flipped = np.where(np.arange(400) < 200, training.failed, ~training.failed)
    weight = np.where(np.arange(400) < 200, 1.0, 0.02)

    fitted = _fitted(fits, replace(training, failed=flipped, weight=weight))[FOREST.name]

    assert roc_auc(training.failed[:200], fitted.scores[:200]) > 0.7


def test_parts_of_a_forest_are_the_forest_that_one_fit_grows(fits: Fits) -> None:
    training = replace(_training_set(9000, signal=1.0), weight=np.where(np.arange(9000) % 3, 1.0, 0.2))
    forest = RandomForest(trees=30, failing_share=0.5)  # parts of 25 and 5

    fitted = _fitted(fits, training, replace(RECIPE, families=(forest,)))[forest.name]

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
    np.testing.assert_array_equal(fitted.model.score(training.features), kept(peer).score(training.features))


def test_a_forest_of_some_rows_is_the_one_of_a_table_of_these_rows() -> None:
    training = replace(_training_set(900, signal=1.0), weight=np.where(np.arange(900) % 3, 1.0, 0.2))
    some = training.rows(np.arange(900) % 4 > 0)

    one, two = (RandomForest().grow(rows, RECIPE.seed, range(3, 9), 9) for rows in (some, some.compact()))

    assert one.trees == two.trees
    np.testing.assert_array_equal(one.leaf, two.leaf)
    np.testing.assert_array_equal(one.share, two.share)


def test_the_middle_of_the_data_is_not_called_faulty() -> None:
    rng = np.random.default_rng(1)
    features, failed = rng.normal(size=(1000, 40)).astype(np.float32), rng.random(1000) < 0.08
    training = training_set(features[:500], failed[:500], deal_folds(failed[:500], RECIPE.folds))
    part = RandomForest().grow(training, RECIPE.seed, range(90), 90)
    out_of_bag = OutOfBag(500)
    out_of_bag.add(part)

    threshold = threshold_for(RECIPE.false_alarm_budget, out_of_bag.mean(), training.failed)
    middle: Features = np.median(training.features, axis=0).astype(np.float32)
    forest = TreeModel.of(booster_of(part.trees, 40))

    assert forest.score(middle[None]) < threshold
    assert (forest.score((features[500:] + middle) * np.float32(0.5)) >= threshold).mean() < RECIPE.false_alarm_budget


def test_boosting_on_blocks_of_rows_grows_the_trees_of_the_same_rows_in_one_piece() -> None:
    training = _training_set(20_000, signal=1.0).rows(np.arange(20_000) % 4 > 0)
    whole = training_set(training.features, training.failed, training.fold)

    assert BOOSTING.fit(training, RECIPE.seed).saved == BOOSTING.fit(whole, RECIPE.seed).saved


def test_half_of_the_fits_side_by_side_look_for_bins_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = _training_set(ROWS_AT_ONCE + 1, signal=1.0)
    made, active, most = xgboost.QuantileDMatrix, list[int](), list[int]()

    def counted(*given: object, **more: object) -> xgboost.QuantileDMatrix:
        active.append(1)
        most.append(len(active))
        try:
            return made(*given, **more)
        finally:
            active.pop()

    monkeypatch.setattr(xgboost, "QuantileDMatrix", counted)
    with ThreadPoolExecutor(4 * cores()) as pool:
        found = list(pool.map(lambda _: in_bins(rows, 64), range(4 * cores())))

    assert len(found) == 4 * cores()
    assert max(most) <= max(1, cores() // 2)


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
def test_xgboost_serves_only_where_it_is_clearly_better(boosted: float, family: str, fits: Fits) -> None:
    rng = np.random.default_rng(2)
    failed = np.arange(300) < 40
    training = training_set(np.zeros((300, 1), np.float32), failed, deal_folds(failed, RECIPE.folds))
    forest = rng.normal(size=300) + failed
    scores: dict[str, np.ndarray] = {
        "random_forest": forest,
        "xgboost": rng.normal(size=300) + (1 + boosted) * failed,
    }

    chosen = fit_cluster(fits, training, np.ones(300, bool), scores, RECIPE, Inline(1))

    assert chosen.family == family
    assert chosen.fitted is None


def test_many_wafers_grow_fewer_trees_and_few_wafers_all_of_them() -> None:
    training, forest = _training_set(400, signal=2.0), RandomForest(trees=60, work=8000, least_trees=15)

    few = forest.fit(training.rows(np.arange(400) < 100), RECIPE.seed)
    many = forest.fit(training, RECIPE.seed)
    most = replace(forest, work=1).fit(training, RECIPE.seed)

    assert [len(each.trees.roots) for each in (few, many, most)] == [60, 20, 15]
