"""A random forest of scikit-learn, kept and served as an XGBoost booster of the same trees.

The booster is data and nothing else, needs no scikit-learn to predict (which takes seconds to import), and gives exact
Shapley values.
"""

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from wafer.model.families.trees import Saved
from wafer.wafers.arrays import Features, Floats, Ints

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestClassifier
    from xgboost import Booster

_NO_PARENT = 2147483647


def booster_of(forest: "RandomForestClassifier") -> "Booster":
    """Return the same forest as an XGBoost booster whose margin is the forest's probability of failure."""
    import xgboost  # see `boosted_trees`

    trees = [_tree_json(i, tree.tree_, len(forest.estimators_)) for i, tree in enumerate(forest.estimators_)]
    width = str(int(forest.n_features_in_))
    for tree in trees:
        tree["tree_param"]["num_feature"] = width
    model = {
        "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(len(trees))},
        "cats": {"enc": [], "feature_segments": [], "sorted_idx": []},
        "iteration_indptr": list(range(len(trees) + 1)),
        "tree_info": [0] * len(trees),
        "trees": trees,
    }
    learner = {
        "attributes": {},
        "feature_names": [],
        "feature_types": [],
        "gradient_booster": {"model": model, "name": "gbtree"},
        "learner_model_param": {
            "base_score": "0E0",
            "boost_from_average": "0",
            "num_class": "0",
            "num_feature": width,
            "num_target": "1",
        },
        "objective": {"name": "reg:squarederror", "reg_loss_param": {"scale_pos_weight": "1"}},
    }
    document = {"learner": learner, "version": [3, 2, 0]}
    return xgboost.Booster({"nthread": 1}, model_file=bytearray(json.dumps(document), "ascii"))


def _tree_json(number: int, tree: Any, trees: int) -> Saved:  # noqa: ANN401 - a Cython class
    """Translate one tree. scikit-learn goes left when x <= t in float64, XGBoost when x < t in float32."""
    order, left, right, parents = _sibling_order(tree.children_left, tree.children_right)
    leaf = left < 0
    share = (tree.value[:, 0, 1] / tree.value[:, 0, :].sum(axis=1) / trees)[order]
    zeros = [0] * tree.node_count
    return {
        "id": number,
        "base_weights": _floats(share),
        "split_conditions": _floats(np.where(leaf, share, _strictly_above(tree.threshold[order]))),
        "split_indices": np.where(leaf, 0, tree.feature[order]).tolist(),
        "left_children": left.tolist(),
        "right_children": right.tolist(),
        "parents": parents.tolist(),
        "sum_hessian": _floats(tree.weighted_n_node_samples[order]),
        "loss_changes": _floats(np.where(leaf, 0.0, tree.impurity[order])),
        "default_left": zeros,
        "split_type": zeros,
        "categories": [],
        "categories_nodes": [],
        "categories_segments": [],
        "categories_sizes": [],
        "tree_param": {"num_deleted": "0", "num_nodes": str(tree.node_count), "size_leaf_vector": "1"},
    }


def _sibling_order(lefts: Ints, rights: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Renumber nodes so that siblings stand together: XGBoost finds the right child at left + 1.

    Returns the old number of every new node, and its left child, right child and parent by new number.
    """
    order, parents = [0], [_NO_PARENT]
    left: list[int] = []
    for new, old in enumerate(order):  # grows while it is walked
        inner = lefts[old] >= 0
        left.append(len(order) if inner else -1)
        if inner:
            order += [int(lefts[old]), int(rights[old])]
            parents += [new, new]
    children = np.array(left)
    return np.array(order), children, np.where(children < 0, -1, children + 1), np.array(parents)


def _strictly_above(threshold: Floats) -> Features:
    """Return the float32 bound u with x < u exactly where float32 x <= threshold."""
    below = threshold.astype(np.float32)
    below = np.where(below > threshold, np.nextafter(below, np.float32(-np.inf)), below)
    return np.asarray(np.nextafter(below, np.float32(np.inf)), dtype=np.float32)


def _floats(values: Any) -> list[float]:  # noqa: ANN401 - any real array
    """Float32 values as the doubles that JSON prints and float32 reads back without a change."""
    return np.asarray(values, dtype=np.float32).astype(np.float64).tolist()  # type: ignore[no-any-return]
