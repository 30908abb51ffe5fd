"""The trees of a booster as flat arrays over all their nodes."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wafer.model.families.ubjson import read_ubjson
from wafer.wafers.arrays import Bools, Features, Floats, Ints

Saved = dict[str, Any]  # a part of a booster, as XGBoost writes it
_LOGISTIC = "binary:logistic"


@dataclass(frozen=True, slots=True)
class Trees:
    """Binary trees; a node is a position in the arrays, all (nodes,) but `roots`."""

    base: np.float32  # margin of a row before any tree
    roots: Ints  # (trees,)
    left: Ints  # child of a split, -1 for a leaf
    right: Ints
    feature: Ints  # that a split asks for
    threshold: Features  # a row goes left where its feature is below
    missing_left: Bools  # where a row goes that lacks the feature
    value: Floats  # of a leaf
    cover: Floats  # weight of the rows that came by in training; those of another background may take their place


def trees_of(saved: bytes) -> Trees:
    """Read the trees of a booster that was saved as UBJSON. Raises ValueError or KeyError for anything else."""
    learner = read_ubjson(saved)["learner"]
    trees = learner["gradient_booster"]["model"]["trees"]
    sizes = np.array([len(tree["left_children"]) for tree in trees])
    roots = np.cumsum(sizes) - sizes
    split = _joined(trees, "left_children", np.int64) >= 0
    left, right = (
        np.where(split, _joined(trees, name, np.int64) + np.repeat(roots, sizes), -1)
        for name in ("left_children", "right_children")
    )
    bounds = _joined(trees, "split_conditions", np.float32)
    return Trees(
        base=_base(learner),
        roots=roots,
        left=left,
        right=right,
        feature=_joined(trees, "split_indices", np.int64),
        threshold=bounds,
        missing_left=_joined(trees, "default_left", np.bool_),
        value=np.where(split, 0.0, bounds.astype(np.float64)),
        cover=_joined(trees, "sum_hessian", np.float64),
    )


def _base(learner: Saved) -> np.float32:
    """XGBoost keeps a score in the units of its answers, as `[5E-1]` since 3.1; a logistic one is a probability."""
    score = np.float32(learner["learner_model_param"]["base_score"].strip("[]"))
    if learner["objective"]["name"] == _LOGISTIC:
        return np.float32(-math.log(np.float32(1.0) / score - np.float32(1.0)))
    return score


def _joined(trees: list[Saved], name: str, kind: npt.DTypeLike) -> Any:  # noqa: ANN401 - array of that kind
    return np.concatenate([np.asarray(tree[name], dtype=kind) for tree in trees])
