"""A random forest of scikit-learn, kept and served as an XGBoost booster of the same trees.

The booster is data and nothing else, needs no scikit-learn to predict (which takes seconds to import), and gives exact
Shapley values.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wafer.wafers.arrays import Features, Floats, Ints

if TYPE_CHECKING:
    from xgboost import Booster

_NO_PARENT = 2147483647
_NO_TREES = '"trees": []'


def booster_of(trees: Sequence[str], width: int) -> "Booster":
    """Return a forest of trees, as `tree_json` writes them, as a booster whose margin is the probability of failure."""
    import xgboost  # see `boosted_trees`

    count = len(trees)
    model = {
        "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(count)},
        "cats": {"enc": [], "feature_segments": [], "sorted_idx": []},
        "iteration_indptr": list(range(count + 1)),
        "tree_info": [0] * count,
        "trees": [],
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
            "num_feature": str(width),
            "num_target": "1",
        },
        "objective": {"name": "reg:squarederror", "reg_loss_param": {"scale_pos_weight": "1"}},
    }
    frame = json.dumps({"learner": learner, "version": [3, 2, 0]})
    document = frame.replace(_NO_TREES, f"{_NO_TREES[:-1]}{','.join(trees)}]")
    return xgboost.Booster({"nthread": 1}, model_file=bytearray(document, "ascii"))


def tree_json(number: int, tree: Any, trees: int, cover: Floats) -> str:  # noqa: ANN401 - a Cython class
    """Translate one tree of a forest of so many, as one line of JSON; `cover` is (nodes,).

    scikit-learn goes left when x <= t in float64, XGBoost when x < t in float32.
    """
    order, left, right, parents = _sibling_order(tree.children_left, tree.children_right)
    leaf = left < 0
    share = (tree.value[:, 0, 1] / tree.value[:, 0, :].sum(axis=1) / trees)[order]
    zeros = [0] * tree.node_count
    nodes = {
        "id": number,
        "base_weights": _floats(share),
        "split_conditions": _floats(np.where(leaf, share, _strictly_above(tree.threshold[order]))),
        "split_indices": np.where(leaf, 0, tree.feature[order]).tolist(),
        "left_children": left.tolist(),
        "right_children": right.tolist(),
        "parents": parents.tolist(),
        "sum_hessian": _floats(cover[order]),
        "loss_changes": _floats(np.where(leaf, 0.0, tree.impurity[order])),
        "default_left": zeros,
        "split_type": zeros,
        "categories": [],
        "categories_nodes": [],
        "categories_segments": [],
        "categories_sizes": [],
    }
    width = str(int(tree.n_features))
    parameters = {"num_deleted": "0", "num_feature": width, "num_nodes": str(tree.node_count), "size_leaf_vector": "1"}
    return json.dumps(nodes | {"tree_param": parameters})


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
