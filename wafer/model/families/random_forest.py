"""A balanced random forest of scikit-learn, scored out of bag and kept as a booster of the same trees."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from wafer.model.families.forest_as_booster import booster_of
from wafer.model.families.protocol import FitPlan, Fitted
from wafer.model.families.tree_model import TreeModel, load_trees
from wafer.model.training_set import TrainingSet
from wafer.wafers.arrays import Floats

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestClassifier

_JUDGES = 150  # trees of a lighter forest


@dataclass(frozen=True, slots=True)
class RandomForest:
    """The knobs of a forest. Its score is the probability of failure."""

    name: ClassVar[str] = "random_forest"
    label: ClassVar[str] = "Random forest"
    colour: ClassVar[str] = "#2563eb"
    file: ClassVar[str] = "random_forest.ubj"
    prefix: ClassVar[str] = "forest_"
    packages: ClassVar[tuple[str, ...]] = ("sklearn.ensemble", "xgboost")

    trees: int = 800
    trees_cluster: int = 400  # averaged with the global forest, so a wafer is judged by 1,200 trees
    work: int = 4_000_000  # rows times trees: from 5,000 wafers on a forest needs fewer trees to say the same
    least_trees: int = 100
    min_leaf: int = 5
    max_depth: int = 10  # ranks as deeper trees do, and is explained in half the time

    def fit(self, training: TrainingSet, seed: int) -> TreeModel:
        """Fit the global number of trees."""
        return self._fit(training, seed, self.trees, 1)[0]

    def begin(self, training: TrainingSet, plan: FitPlan) -> Callable[[], Fitted]:
        """Fit in the thread that waits: a forest's threads often wait for the interpreter, those of boosting never."""
        trees = self.trees_cluster if plan.in_cluster else self.trees
        return lambda: Fitted(*self._fit(training, plan.seed, trees, plan.n_jobs))

    def _fit(self, training: TrainingSet, seed: int, trees: int, n_jobs: int) -> tuple[TreeModel, Floats]:
        """Return the forest and out-of-bag scores: each row by the third of the trees that did not draw it.

        That keeps the promise of folds in a quarter of their time, and the time pays for more trees. Rows are drawn
        in proportion to their weight, as many as the weights add up to, so that a row of weight 1 is left out by a
        third of the trees in every cluster. Trees are drawn from seeds of their own: cores never change the bytes.
        """
        from sklearn.ensemble import RandomForestClassifier  # 1.7 s, only to fit

        forest = RandomForestClassifier(
            min(trees, max(self.least_trees, self.work // len(training))),
            min_samples_leaf=self.min_leaf,
            max_depth=self.max_depth,
            max_features="sqrt",
            class_weight="balanced_subsample",
            max_samples=round(float(training.weight.sum())),
            random_state=seed,
            n_jobs=n_jobs,
        )
        # Trees read column by column. scikit-learn copies neither float32 nor this order, and its threads share it.
        forest.fit(np.asfortranarray(training.features), training.failed, sample_weight=training.weight)
        return TreeModel.of(booster_of(forest)), _out_of_bag(forest, training)

    def lighter(self) -> Self:
        """Return a forest of fewer trees; where wafers are many, of fewer still."""
        return replace(self, trees=min(self.trees, _JUDGES), work=self.work // 4, least_trees=self.least_trees // 4)

    def load(self, path: Path) -> TreeModel:
        """Read a saved forest; scikit-learn is not needed for it."""
        return load_trees(path)


def _out_of_bag(forest: "RandomForestClassifier", training: TrainingSet) -> Floats:
    """Return each row's probability of failure by the trees that did not draw it, (rows,).

    The same numbers as scikit-learn's `oob_score`, which copies a third of the features for each tree.
    """
    left_out = [_left_out(forest, tree, len(training)) for tree in forest.estimators_]
    sums, trees = np.zeros(len(training)), np.zeros(len(training))
    for rows, features in training.blocks():
        for tree, bits in zip(forest.estimators_, left_out, strict=True):
            asked = np.unpackbits(bits[rows.start // 8 : -(-rows.stop // 8)], count=rows.stop - rows.start).view(bool)
            sums[rows][asked] += tree.predict_proba(features[asked], check_input=False)[:, 1]
            trees[rows] += asked
    return sums / np.maximum(trees, 1)


def _left_out(forest: "RandomForestClassifier", tree: Any, rows: int) -> "npt.NDArray[np.uint8]":  # noqa: ANN401 - a Cython class
    """Which rows a tree did not draw, a bit a row."""
    one = copy(forest)
    one.estimators_ = [tree]  # the samples of all trees at once would be four bytes a row and tree
    (drawn,) = one.estimators_samples_
    missed = np.ones(rows, bool)
    missed[drawn] = False
    return np.packbits(missed)
