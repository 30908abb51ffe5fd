"""The paths from the roots of trees to their nodes: what was asked on the way, and how much of the cover follows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from wafer.model.families.trees import Trees
from wafer.wafers.arrays import Bools, Floats, Ints


@dataclass(frozen=True, slots=True)
class Depth:
    """The nodes of one depth, in all trees: the left children of the splits above, then the right ones."""

    nodes: Ints
    place: Ints  # of the splits among the nodes; those last whose feature was asked for before
    first: int  # how many splits ask for their feature for the first time

    @property
    def splits(self) -> Ints:
        """The nodes that are splits."""
        return self.nodes[self.place]


@dataclass(frozen=True, slots=True)
class Paths:
    """All arrays are (nodes,)."""

    depths: tuple[Depth, ...]  # the last one has leaves only
    share: Floats  # of the parent's cover
    before: Ints  # nearest split above that asks for the same feature, -1 if none does
    before_left: Bools  # whether the path goes left there
    followed: Floats  # share of the cover that follows the path at all splits above for the same feature
    features: Ints  # how many different ones are asked for above


def paths_of(trees: Trees) -> Paths:
    """Follow every path."""
    parent, share = _parents(trees), _shares(trees)
    came = _came_by(trees, parent)
    before = np.where(came >= 0, parent[came], -1)
    followed, features = np.ones(len(parent)), np.zeros(len(parent), dtype=np.int64)
    depths = []
    for depth in _depths(trees, before):
        splits, again = depth.splits, depth.splits[depth.first :]
        followed[again] = followed[before[again]] * share[came[again]]
        features[trees.left[splits]] = features[trees.right[splits]] = features[splits] + (before[splits] < 0)
        depths.append(depth)
    return Paths(tuple(depths), share, before, trees.left[before] == came, followed, features)


def _parents(trees: Trees) -> Ints:
    parent = np.full(len(trees.left), -1)
    splits = np.flatnonzero(trees.left >= 0)
    parent[trees.left[splits]] = parent[trees.right[splits]] = splits
    return parent


def _shares(trees: Trees) -> Floats:
    """Return the share of each node in its parent's cover; half where nothing covers the parent."""
    share = np.ones(len(trees.left))
    splits = np.flatnonzero(trees.left >= 0)
    left, both = trees.cover[trees.left[splits]], trees.cover[trees.left[splits]] + trees.cover[trees.right[splits]]
    share[trees.left[splits]] = np.divide(left, both, out=np.full(len(splits), 0.5), where=both > 0)
    share[trees.right[splits]] = 1.0 - share[trees.left[splits]]
    return share


def _came_by(trees: Trees, parent: Ints) -> Ints:
    """Return the child of `Paths.before` by which the path to each node goes, -1 if there is none."""
    found, via, above = np.full(len(parent), -1), np.arange(len(parent)), parent
    while (above >= 0).any():
        same = (above >= 0) & (trees.feature[above] == trees.feature)
        found[same] = via[same]
        via, above = above, np.where((above >= 0) & ~same, parent[above], -1)
    return found


def _depths(trees: Trees, before: Ints) -> Iterator[Depth]:
    nodes = trees.roots
    while len(nodes):
        inner = np.flatnonzero(trees.left[nodes] >= 0)
        again = before[nodes[inner]] >= 0
        depth = Depth(nodes, np.concatenate([inner[~again], inner[again]]), int((~again).sum()))
        yield depth
        nodes = np.concatenate([trees.left[depth.splits], trees.right[depth.splits]])
