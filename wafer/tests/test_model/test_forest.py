"""A forest of scikit-learn and its booster are the same forest."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from wafer.tests.forests import kept


def _forest(trees: int = 30) -> tuple[RandomForestClassifier, np.ndarray]:
    rng = np.random.default_rng(3)
    features = rng.normal(size=(400, 9)).astype(np.float32)
    features[:, 2] = np.round(features[:, 2])
    failed = rng.random(400) < 0.15 + 0.5 * (features[:, 2] > 0.5)
    weight = np.where(features[:, 0] > 0, 1.0, 0.2)
    forest = RandomForestClassifier(trees, min_samples_leaf=3, class_weight="balanced_subsample", random_state=1)
    return forest.fit(features, failed, sample_weight=weight), features


def _on_every_threshold(forest: RandomForestClassifier, features: np.ndarray) -> np.ndarray:
    """Rows whose readings lie exactly on, just below and just above the forest's own thresholds."""
    rows: list[np.ndarray] = []
    for tree in forest.estimators_:
        nodes = tree.tree_
        for feature, bound in zip(nodes.feature, nodes.threshold, strict=True):
            if feature >= 0:
                near = np.float32(bound)
                for value in (near, np.nextafter(near, np.float32(-np.inf)), np.nextafter(near, np.float32(np.inf))):
                    row = features[len(rows) % len(features)].copy()
                    row[feature] = value
                    rows.append(row)
    return np.array(rows)


def test_the_booster_answers_as_the_forest_even_on_the_thresholds_themselves() -> None:
    forest, features = _forest()
    rows = _on_every_threshold(forest, features)

    scores = kept(forest).score(rows)

    assert len(rows) > 1000
    np.testing.assert_allclose(scores, forest.predict_proba(rows)[:, 1], atol=1e-6)


def test_a_forest_of_a_single_leaf_becomes_a_constant() -> None:
    features = np.zeros((40, 3), dtype=np.float32)
    forest = RandomForestClassifier(3, random_state=1).fit(features, np.arange(40) % 2 == 0)

    scores = kept(forest).score(features)

    np.testing.assert_allclose(scores, forest.predict_proba(features)[:, 1], atol=1e-6)


def test_contributions_of_a_forest_are_its_shapley_values() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(60, 2)).astype(np.float32)
    failed = (features[:, 0] > 0) & (features[:, 1] > 0)
    forest = RandomForestClassifier(1, bootstrap=False, max_features=None, random_state=0).fit(features, failed)
    model = kept(forest)

    found = model.contributions(features)

    np.testing.assert_allclose(found, [_shapley_of_two(forest.estimators_[0], row) for row in features], atol=1e-5)


def _shapley_of_two(tree: DecisionTreeClassifier, row: np.ndarray) -> list[float]:
    """Shapley values of two features straight from the definition; an unknown feature follows both branches."""

    def value(known: set[int], node: int = 0) -> float:
        nodes = tree.tree_
        left, right = nodes.children_left[node], nodes.children_right[node]
        if left < 0:
            return float(nodes.value[node, 0, 1] / nodes.value[node, 0].sum())
        if nodes.feature[node] in known:
            return value(known, left if row[nodes.feature[node]] <= nodes.threshold[node] else right)
        weights = nodes.weighted_n_node_samples
        return float((weights[left] * value(known, left) + weights[right] * value(known, right)) / weights[node])

    both, none, first, second = value({0, 1}), value(set()), value({0}), value({1})
    return [(first - none + both - second) / 2, (second - none + both - first) / 2]


@pytest.mark.parametrize("rows", [1, 2, 63, 200])
def test_a_row_alone_scores_as_it_does_among_others(rows: int) -> None:
    forest, features = _forest()
    model = kept(forest)
    together, explained = model.score(features), model.contributions(features)

    np.testing.assert_array_equal(model.score(features[:rows]), together[:rows])
    np.testing.assert_array_equal(model.contributions(features[:rows]), explained[:rows])
