"""A random forest of trees of scikit-learn, scored out of bag and kept as a booster of the same trees."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from wafer.model.families.forest_as_booster import booster_of
from wafer.model.families.forest_part import ForestPart, OutOfBag, Tree, seeds_of
from wafer.model.families.protocol import FitPlan, Fitted, Piece
from wafer.model.families.tree_model import TreeModel, load_trees
from wafer.model.training_set import TrainingSet
from wafer.progress import advance
from wafer.wafers.arrays import Floats

TREES_OF_A_PART = 25

_JUDGES = 150  # trees of a lighter forest


@dataclass(frozen=True, slots=True)
class RandomForest:
    """The knobs of a forest. Its score is the probability of failure."""

    name: ClassVar[str] = "random_forest"
    label: ClassVar[str] = "Random forest"
    colour: ClassVar[str] = "#2563eb"
    file: ClassVar[str] = "random_forest.ubj"
    prefix: ClassVar[str] = "forest_"
    packages: ClassVar[tuple[str, ...]] = ("sklearn.tree", "xgboost")

    trees: int = 1200
    trees_cluster: int = 600  # averaged with the global forest, so a wafer is judged by 1,800 trees
    work: int = 4_000_000  # rows times trees: from 5,000 wafers on a forest needs fewer trees to say the same
    least_trees: int = 100
    min_leaf: int = 5
    failing_share: float = 0.3  # of the weight in a tree; with a half in all of them the middle counts as failing
    balanced_every: int = 3  # of so many trees, one has a half: it finds the surest failures
    max_depth: int = 10  # ranks as deeper trees do, and is explained in half the time

    def fit(self, training: TrainingSet, seed: int) -> TreeModel:
        """Fit the global number of trees."""
        trees = self.steps(len(training))
        return _as_one(self.grow(training, seed, range(trees), trees).trees, training)

    def steps(self, rows: int) -> int:
        """One a tree."""
        return self._trees(rows, in_cluster=False)

    def pieces(self, training: TrainingSet, plan: FitPlan) -> Sequence[Piece]:
        """Some trees each. Trees are drawn from seeds of their own, so parts grow the trees of the whole."""
        trees = self._trees(len(training), in_cluster=plan.in_cluster)
        parts = [range(trees)[start : start + TREES_OF_A_PART] for start in range(0, trees, TREES_OF_A_PART)]
        work = partial(_save_part, forest=self, seed=plan.seed, total=trees)
        return [
            Piece(f"{self.name}-{part.start}", self.packages, len(part), partial(work, trees=part)) for part in parts
        ]

    def joined(self, training: TrainingSet, files: Sequence[Path]) -> Fitted:
        """The forest of all parts, and out-of-bag scores: each row by the third of the trees that did not draw it.

        That keeps the promise of folds in a quarter of their time, and the time pays for more trees.
        """
        trees: list[str] = []
        scores = OutOfBag(len(training))
        for part in map(ForestPart.load, files):
            trees += part.trees
            scores.add(part)
        return Fitted(_as_one(trees, training), scores.mean())

    def lighter(self) -> Self:
        """Return a forest of fewer trees; where wafers are many, of fewer still."""
        return replace(self, trees=min(self.trees, _JUDGES), work=self.work // 4, least_trees=self.least_trees // 4)

    def load(self, path: Path) -> TreeModel:
        """Read a saved forest; scikit-learn is not needed for it."""
        return load_trees(path)

    def _trees(self, rows: int, *, in_cluster: bool) -> int:
        return min(self.trees_cluster if in_cluster else self.trees, max(self.least_trees, self.work // rows))

    def grow(self, training: TrainingSet, seed: int, trees: range, total: int) -> ForestPart:
        """Grow some of the trees."""
        # Trees read column by column. scikit-learn copies neither float32 nor this order, and passes over rows without
        # weight: the trees of some rows need no copy of these.
        rows = replace(training, table=np.asfortranarray(training.table))
        found: list[Tree] = []
        for number, each in zip(trees, seeds_of(seed, trees), strict=True):
            share = self.failing_share if number % self.balanced_every else 0.5
            found.append(self._tree(rows, each, share))
            advance()
        return ForestPart.of(found, training, trees.start, total)

    def _tree(self, rows: TrainingSet, seed: int, failing_share: float) -> Tree:
        """Grow a tree on rows drawn in proportion to their weight, as many as the weights add up to.

        So a row of weight 1 is left out by a third of the trees in every cluster. `RandomForestClassifier` draws the
        same, but gives the outcomes equal weight in each tree or other chances in the draw, and nothing between.
        """
        from sklearn.tree import DecisionTreeClassifier  # 1.7 s, only to fit

        count, chance = round(float(rows.weight.sum())), rows.weight / rows.weight.sum()
        drawn = np.bincount(np.random.RandomState(seed).choice(len(rows), count, p=chance), minlength=len(rows))
        failures = int(drawn[rows.failed].sum())
        shares = ((1 - failing_share, count - failures), (failing_share, failures))
        passing, failing = (count * share / max(1, many) for share, many in shares)
        tree = DecisionTreeClassifier(
            min_samples_leaf=self.min_leaf, max_depth=self.max_depth, max_features="sqrt", random_state=seed
        )
        weight: Floats = np.where(rows.failed, failing, passing).astype(np.float64) * drawn
        tree.fit(rows.table, rows.spread(rows.failed), rows.spread(weight), check_input=False)
        return Tree(tree.tree_, np.packbits(drawn == 0))


def _save_part(training: TrainingSet, out: Path, *, forest: RandomForest, seed: int, trees: range, total: int) -> None:
    forest.grow(training, seed, trees, total).save(out)


def _as_one(trees: Sequence[str], training: TrainingSet) -> TreeModel:
    return TreeModel.of(booster_of(trees, training.table.shape[1]))
