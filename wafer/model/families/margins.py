"""The score of trees: the values of the leaves that a row comes to, added up.

In single precision and in the order of the trees, so that the bits are those of XGBoost's own `margin`; only its
logarithm of the base score may differ in the last one. XGBoost itself is six times faster, but takes 1.4 s to import.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from wafer.model.families.trees import Trees
from wafer.wafers.arrays import Bools, Features, Floats

_PLACES_AT_ONCE = 1 << 16  # rows times trees: what fits the cache
_FEW_ROWS = 16  # below, a running sum over the trees is faster than an addition a tree; the bits are the same


@dataclass(frozen=True, slots=True)
class Margins:
    """Scores rows; arrays are (nodes,). A leaf is a split whose both sides lead back to it."""

    base: np.float32
    roots: "npt.NDArray[np.int32]"
    depth: int
    feature: "npt.NDArray[np.int32]"
    threshold: Features
    missing_left: Bools
    left: "npt.NDArray[np.int32]"
    right: "npt.NDArray[np.int32]"
    value: Features

    @classmethod
    def of(cls, trees: Trees) -> Self:
        """Prepare what is the same for all rows."""
        leaf = trees.left < 0
        itself = np.arange(len(leaf))
        return cls(
            base=trees.base,
            roots=trees.roots.astype(np.int32),
            depth=_depth(trees),
            feature=np.where(leaf, 0, trees.feature).astype(np.int32),
            threshold=trees.threshold,
            missing_left=trees.missing_left,
            left=np.where(leaf, itself, trees.left).astype(np.int32),
            right=np.where(leaf, itself, trees.right).astype(np.int32),
            value=trees.value.astype(np.float32),
        )

    def of_rows(self, features: Features) -> Floats:
        """Return the margin of each row, (rows,); a row scores the same alone and among others."""
        margins = np.full(len(features), self.base, dtype=np.float32)
        step = max(1, _PLACES_AT_ONCE // len(self.roots))
        for start in range(0, len(features), step):
            leaves = self._leaves(features[start : start + step])
            self._add(margins[start : start + step], leaves)
        return margins.astype(np.float64)

    def _add(self, margins: Features, leaves: "npt.NDArray[np.int32]") -> None:
        """Add the leaves to the margins of their rows, in the order of the trees."""
        if len(margins) < _FEW_ROWS:
            values = np.concatenate([margins[None, :], self.value[leaves]])
            margins[:] = np.cumsum(values, axis=0, dtype=np.float32)[-1]
            return
        for tree in leaves:
            margins += self.value[tree]

    def _leaves(self, rows: Features) -> "npt.NDArray[np.int32]":
        """Return the leaf of each row in each tree, (trees, rows)."""
        place = np.repeat(self.roots[:, None], len(rows), axis=1)
        cells, first = rows.ravel(), np.arange(len(rows), dtype=np.int32) * rows.shape[1]
        some_missing = bool(np.isnan(rows).any())
        for _ in range(self.depth):
            asked = cells.take(self.feature.take(place) + first)
            goes_left = asked < self.threshold.take(place)
            if some_missing:
                goes_left |= np.isnan(asked) & self.missing_left.take(place)
            place = np.where(goes_left, self.left.take(place), self.right.take(place))
        return place


def _depth(trees: Trees) -> int:
    depth, nodes = 0, trees.roots
    while len(nodes := nodes[trees.left[nodes] >= 0]):
        nodes = np.concatenate([trees.left[nodes], trees.right[nodes]])
        depth += 1
    return depth
