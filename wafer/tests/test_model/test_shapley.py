"""Contributions of trees are their Shapley values: those of XGBoost, those of the definition, and a row's own."""

from dataclasses import replace
from itertools import combinations
from math import comb

import numpy as np
import pytest
import xgboost

from wafer.model.families.shapley import ShapleyValues
from wafer.model.families.tree_model import TreeModel
from wafer.model.families.trees import Trees, trees_of

FEATURES = 6


def _rows(count: int, seed: int, missing: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count, FEATURES)).astype(np.float32)
    rows[:, 1] = np.round(rows[:, 1])
    rows[rng.random(rows.shape) < missing] = np.nan
    return rows


def _booster(seed: int, rounds: int = 8, missing: float = 0.0, **parameters: float) -> xgboost.Booster:
    rows = _rows(300, seed, missing)
    known = np.nan_to_num(rows)
    failed = known[:, 0] * known[:, 1] + np.sin(3 * known[:, 2]) + known[:, 3] > 0.3
    chosen = {"objective": "binary:logistic", "seed": seed, "nthread": 1, "min_child_weight": 0.5, **parameters}
    return xgboost.train(chosen, xgboost.DMatrix(rows, failed), rounds)


@pytest.mark.parametrize("depth", [1, 2, 3, 6, 11])
@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_contributions_are_those_of_xgboost(depth: int, missing: float, seed: int) -> None:
    booster = _booster(seed, missing=missing, max_depth=depth, colsample_bynode=0.6)
    rows = _rows(50, seed + 100, missing)

    found = TreeModel.of(booster).contributions(rows)

    expected = booster.predict(xgboost.DMatrix(rows), pred_contribs=True)[:, :-1]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


def test_contributions_and_one_constant_add_up_to_the_margin() -> None:
    model = TreeModel.of(_booster(4, max_depth=9))
    rows = _rows(200, 5)

    rest = model.score(rows) - model.contributions(rows).sum(axis=1)

    assert np.ptp(rest) < 1e-5


def test_trees_without_a_split_contribute_nothing() -> None:
    model = TreeModel.of(_booster(6, max_depth=3, gamma=1e9))

    assert not model.contributions(_rows(5, 7)).any()


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 29])
def test_a_row_has_the_same_contributions_alone_and_among_others(rows: int) -> None:
    model, some = TreeModel.of(_booster(8, max_depth=6)), _rows(30, 9)
    together = model.contributions(some)

    alone = model.contributions(some[-rows:])

    assert alone.tobytes() == together[-rows:].tobytes()


def test_no_row_has_no_contribution() -> None:
    assert TreeModel.of(_booster(8)).contributions(_rows(0, 9)).shape == (0, FEATURES)


@pytest.mark.parametrize("counted", ["training", "others"])
def test_contributions_follow_from_the_definition_under_any_cover(counted: str) -> None:
    trees = trees_of(bytes(_booster(10, rounds=1, max_depth=5).save_raw("ubj")))
    if counted == "others":
        trees = replace(trees, cover=_cover(trees, _rows(40, 11)))
    rows = _rows(8, 12)

    found = ShapleyValues.of(trees).of_rows(rows)

    np.testing.assert_allclose(found, [_shapley(trees, row) for row in rows], atol=1e-6)


def _cover(trees: Trees, rows: np.ndarray) -> np.ndarray:
    cover = np.zeros(len(trees.left))
    for row in rows:
        node = 0
        while node >= 0:
            cover[node] += 1
            left = row[trees.feature[node]] < trees.threshold[node]
            node = trees.left[node] if left else trees.right[node]
    return cover


def _shapley(trees: Trees, row: np.ndarray) -> list[float]:
    """Weigh what a feature adds to every set of others."""

    def value(known: frozenset[int], node: int = 0) -> float:
        left, right, feature = trees.left[node], trees.right[node], int(trees.feature[node])
        if left < 0:
            return float(trees.value[node])
        if feature in known:
            return value(known, left if row[feature] < trees.threshold[node] else right)
        both = trees.cover[left] + trees.cover[right]
        share = trees.cover[left] / both if both else 0.5
        return float(share * value(known, left) + (1 - share) * value(known, right))

    def added(feature: int) -> float:
        others = [each for each in range(FEATURES) if each != feature]
        return sum(
            (value(frozenset({*some, feature})) - value(frozenset(some))) / (FEATURES * comb(FEATURES - 1, size))
            for size in range(FEATURES)
            for some in combinations(others, size)
        )

    return [added(feature) for feature in range(FEATURES)]
