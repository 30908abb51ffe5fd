"""Some consecutive trees of a forest: as XGBoost has them, and where the rows came to that they did not draw.

Parts of a forest join to the forest that one fit grows, to the last bit: as in scikit-learn, every tree has a seed that
is drawn from the forest's, so a part draws those of the trees before it first. Out-of-bag scores are added up in the
order of the trees.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from wafer.model.families.covers import added_up
from wafer.model.families.forest_as_booster import tree_json
from wafer.model.training_set import TrainingSet
from wafer.wafers.arrays import Floats

_LARGEST_SEED = np.iinfo(np.int32).max  # as in `sklearn.ensemble._base`, which draws one a tree
Bits = npt.NDArray[np.uint8]
Leaves = npt.NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree of scikit-learn, and the rows that it did not draw, a bit a row."""

    grown: Any  # a Cython class
    left_out: Bits


@dataclass(frozen=True, slots=True)
class ForestPart:
    """What of a part is kept; arrays of all its trees."""

    trees: Sequence[str]  # as XGBoost's JSON, each of them one line
    share: Floats  # (1 + leaves,) probability of failure; the first is no leaf's
    leaf: Leaves  # (trees, rows) place in `share`; 0 where the tree drew the row

    @classmethod
    def of(cls, trees: Sequence[Tree], training: TrainingSet, first: int, total: int) -> Self:
        """Take trees, the first of which has a number in a forest of so many."""
        start = np.cumsum([1, *(tree.grown.node_count for tree in trees)])
        leaf = np.zeros((len(trees), len(training)), np.min_scalar_type(start[-1]))
        for rows, features in training.blocks():
            for number, tree in enumerate(trees):
                bits = tree.left_out[rows.start // 8 : -(-rows.stop // 8)]
                asked = np.unpackbits(bits, count=rows.stop - rows.start).view(bool)
                leaf[number, rows][asked] = start[number] + tree.grown.apply(features[asked])
        share = np.concatenate([[0.0], *(tree.grown.value[:, 0, 1] for tree in trees)])
        passing = np.where(training.failed, 0.0, training.weight)
        told = [
            tree_json(first + i, tree.grown, total, _cover(tree, leaf[i], start[i], passing))
            for i, tree in enumerate(trees)
        ]
        return cls(told, share, leaf)

    def save(self, path: Path) -> None:
        """Write it as a file."""
        lines = np.frombuffer("\n".join(self.trees).encode(), np.uint8)
        with path.open("wb") as file:  # `savez` adds to the name of a path
            np.savez(file, trees=lines, share=self.share, leaf=self.leaf)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path) as found:
            return cls(found["trees"].tobytes().decode().split("\n"), found["share"], found["leaf"])


class OutOfBag:
    """The scores of all rows, by the trees of all parts that did not draw the row.

    The same numbers as scikit-learn's `oob_score`, which copies a third of the features for each tree.
    """

    def __init__(self, rows: int) -> None:
        self._sums, self._trees = np.zeros(rows), np.zeros(rows)

    def add(self, part: ForestPart) -> None:
        """Take the next trees."""
        for leaf in part.leaf:
            self._sums += part.share[leaf]
            self._trees += leaf > 0

    def mean(self) -> Floats:
        """Each row's probability of failure, (rows,)."""
        return self._sums / np.maximum(self._trees, 1)


def seeds_of(seed: int, trees: range) -> list[int]:
    """The seeds of these trees of a forest: each tree has one of its own."""
    state = np.random.RandomState(seed)
    state.randint(_LARGEST_SEED, size=trees.start)
    return [int(state.randint(_LARGEST_SEED)) for _ in trees]


def _cover(tree: Tree, leaf: Leaves, start: int, passing: Floats) -> Floats:
    """Count the passing wafers that the tree did not draw: so the base is the mean of their honest scores."""
    at_leaf = np.bincount(leaf, passing, start + tree.grown.node_count)[start:].astype(np.float64)
    return added_up(at_leaf, tree.grown.children_left, tree.grown.children_right)
