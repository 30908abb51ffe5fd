"""The score of trees: the values of the leaves that a row comes to, added up.

In single precision and in the order of the trees, so that the bits are those of XGBoost's own `margin`; only its
logarithm of the base score may differ in the last one. XGBoost itself is six times faster, but takes 1.4 s to import.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from wafer.model.families.trees import Trees
from wafer.wafers.arrays import Bools, Features, Floats, Ints

_PLACES_AT_ONCE = 1 << 16  # rows times trees: what fits the cache
_FEW_ROWS = 16  # below, a running sum over the trees is faster than an addition a tree; the bits are the same


@dataclass(frozen=True, slots=True)
class Margins:
    """Scores rows; arrays are (nodes,), by depth over all trees, so that those asked together lie together.

    Siblings are neighbours, and a leaf leads back to itself: a step to the next depth is `left`, and one further where
    the row goes right.
    """

    base: np.float32
    trees: int  # the first nodes are their roots
    depth: int
    feature: Ints
    threshold: Features  # NaN for a leaf: nothing goes right of it
    missing_left: Bools
    left: Ints
    value: Features

    @classmethod
    def of(cls, trees: Trees) -> Self:
        """Prepare what is the same for all rows."""
        depths = list(_depths(trees))
        order = np.concatenate(depths)
        number = np.empty(len(trees.left), dtype=np.int64)
        number[order] = np.arange(len(order))
        leaf = trees.left[order] < 0
        return cls(
            base=trees.base,
            trees=len(trees.roots),
            depth=len(depths) - 1,
            feature=np.where(leaf, 0, trees.feature[order]),
            threshold=np.where(leaf, np.float32(np.nan), trees.threshold[order]),
            missing_left=leaf | trees.missing_left[order],
            left=np.where(leaf, np.arange(len(order)), number[trees.left[order]]),
            value=trees.value[order].astype(np.float32),
        )

    def of_rows(self, features: Features) -> Floats:
        """Return the margin of each row, (rows,); a row scores the same alone and among others."""
        margins = np.full(len(features), self.base, dtype=np.float32)
        step = max(1, _PLACES_AT_ONCE // self.trees)
        for start in range(0, len(features), step):
            leaves = self._leaves(features[start : start + step])
            self._add(margins[start : start + step], leaves)
        return margins.astype(np.float64)

    def _add(self, margins: Features, leaves: Ints) -> None:
        """Add the leaves to the margins of their rows, in the order of the trees."""
        if len(margins) < _FEW_ROWS:
            values = np.concatenate([margins[None, :], self.value[leaves]])
            margins[:] = np.cumsum(values, axis=0, dtype=np.float32)[-1]
            return
        for tree in leaves:
            margins += self.value[tree]

    def _leaves(self, rows: Features) -> Ints:
        """Return the leaf of each row in each tree, (trees, rows)."""
        place = np.repeat(np.arange(self.trees)[:, None], len(rows), axis=1)
        cells, first = rows.ravel(), np.arange(len(rows)) * rows.shape[1]
        some_missing = bool(np.isnan(rows).any())
        for _ in range(self.depth):
            asked = cells.take(self.feature.take(place) + first)
            goes_right = asked >= self.threshold.take(place)
            if some_missing:
                goes_right |= np.isnan(asked) & ~self.missing_left.take(place)
            place = self.left.take(place)
            place += goes_right
        return place


def _depths(trees: Trees) -> Iterator[Ints]:
    """The nodes of each depth, siblings side by side."""
    nodes = trees.roots
    while len(nodes):
        yield nodes
        splits = nodes[trees.left[nodes] >= 0]
        nodes = np.stack([trees.left[splits], trees.right[splits]], axis=1).ravel()
