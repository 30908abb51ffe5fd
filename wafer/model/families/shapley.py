"""Exact Shapley values of trees: what each feature adds to a row's score.

A feature that is not known follows both branches of a split in proportion to their cover (Lundberg 2020), as in
`pred_contribs` of XGBoost. A feature's Shapley value is what it adds when each other one is known with probability t,
integrated over t from 0 to 1. Along a path this is a polynomial of a degree below the number of features asked for, so
that half as many Gauss-Legendre nodes integrate it exactly (Yu et al. 2022).

Let a split's left branch have the share r of the cover, b be 1 where the row goes left, else 0, and D be the expected
value below its left child less that below its right one. Then, for each t:

    expected value   Q = Q_right + (r + t (b - r)) D
    reach            P_left = P (r + t (b - r)),  P_right = P - P_left
    contribution     integral of P (b - r) D

If the path asked for the feature before and follows a share z of the cover since, let f = t + (1 - t) z. Where the row
took the path's way each time, t / f stands for t, and the contribution is multiplied by z / f². Where it did not,
0 stands for b - r: the row gets here only with the feature unknown.

Single precision: ten times closer to the exact values than `pred_contribs` is, and twice as fast as double.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from wafer.model.families.paths import Paths, paths_of
from wafer.model.families.trees import Trees
from wafer.wafers.arrays import Bools, Features, Floats, Ints

ROWS_AT_ONCE = 4  # a third faster than one by one; more do not fit the cache


@dataclass(frozen=True, slots=True)
class _Level:
    """The splits of one depth, in all trees; of the next depth's nodes, the first half are their left children."""

    splits: slice  # among all splits
    again: slice  # splits, counted in the level, whose feature was asked for before
    place: Ints  # (splits,) among the level's nodes
    values: Features  # (nodes,) of the leaves
    known: Features  # (t, splits again) t / f
    scale: Features  # (t, splits again) z / f²


@dataclass(frozen=True, slots=True)
class ShapleyValues:
    """Explains rows by trees; arrays are (splits,), level by level."""

    times: Features  # (t,)
    weights: Features  # (t,)
    levels: tuple[_Level, ...]  # from the roots; the last one has leaves only
    feature: Ints
    threshold: Features
    missing_left: Bools
    share: Features  # of the cover, that goes left
    before: Ints  # split above that asks for the same feature
    before_left: Bools  # whether the path goes left there

    @classmethod
    def of(cls, trees: Trees) -> Self:
        """Prepare what is the same for all rows."""
        paths = paths_of(trees)
        nodes, weights = np.polynomial.legendre.leggauss((int(paths.features.max()) + 1) // 2 or 1)
        times = (nodes + 1.0) / 2.0
        splits = np.concatenate([depth.splits for depth in paths.depths])
        number = np.empty(len(trees.left), dtype=np.int64)
        number[splits] = np.arange(len(splits))
        return cls(
            times=times.astype(np.float32),
            weights=(weights / 2.0).astype(np.float32),
            levels=tuple(_levels(trees, paths, times)),
            feature=trees.feature[splits],
            threshold=trees.threshold[splits],
            missing_left=trees.missing_left[splits],
            share=paths.share[trees.left[splits]].astype(np.float32),
            before=number[paths.before[splits]],
            before_left=paths.before_left[splits],
        )

    def of_rows(self, features: Features) -> Floats:
        """Return the Shapley value of each feature of each row, (rows, features)."""
        values = np.empty(features.shape)
        for start in range(0, len(features), ROWS_AT_ONCE):
            rows = features[start : start + ROWS_AT_ONCE]
            values[start : start + ROWS_AT_ONCE] = self._by_feature(self._contributions(rows), rows.shape[1])
        return values

    def _contributions(self, rows: Features) -> Features:
        """Return what each split contributes, (rows, splits)."""
        asked = rows[:, self.feature]
        left = np.where(np.isnan(asked), self.missing_left, asked < self.threshold)
        pull = (left - self.share) * self._on_the_way(left)
        shares, differences = self._upwards(pull)
        return self._downwards(shares, differences) * pull

    def _on_the_way(self, left: Bools) -> Bools:
        """Tell where the row took the path's way at every split above that asks for the same feature."""
        on = np.ones(left.shape, dtype=bool)
        for level in self.levels:
            again = np.arange(level.splits.start, level.splits.stop)[level.again]
            before = self.before[again]
            on[:, again] = on[:, before] & (left[:, before] == self.before_left[again])
        return on

    def _upwards(self, pull: Features) -> tuple[list[Features], list[Features]]:
        """Return each level's shares that go left and its D, (t, rows, splits) both; from the leaves to the roots."""
        shares, differences = [], []
        below: Features = np.empty((len(self.times), len(pull), 0), dtype=np.float32)
        for level in reversed(self.levels):
            left, right = np.split(below, 2, axis=2)
            shares.append(self._shares(level, pull[:, level.splits]))
            differences.append(left - right)
            expected = shares[-1] * differences[-1]
            expected += right
            below = np.empty((*below.shape[:2], len(level.values)), dtype=np.float32)
            below[:] = level.values
            below[:, :, level.place] = expected
        return shares[::-1], differences[::-1]

    def _shares(self, level: _Level, pull: Features) -> Features:
        shares = self.times[:, None, None] * pull
        shares[:, :, level.again] = level.known[:, None] * pull[:, level.again]
        shares += self.share[level.splits]
        return shares

    def _downwards(self, shares: list[Features], differences: list[Features]) -> Features:
        """Return the integrals of P D, (rows, splits); from the roots to the leaves."""
        integrals = []
        reach = np.ones((*shares[0].shape[:2], len(self.levels[0].values)), dtype=np.float32)
        for level, share, difference in zip(self.levels, shares, differences, strict=True):
            here = reach.take(level.place, axis=2)
            products = np.multiply(here, difference, out=difference)
            products[:, :, level.again] *= level.scale[:, None]
            integrals.append(sum(map(np.multiply, self.weights, products), np.float32(0.0)))
            here_left = share * here
            reach = np.concatenate([here_left, here - here_left], axis=2)
        return np.concatenate(integrals, axis=1)

    def _by_feature(self, contributions: Features, features: int) -> Floats:
        """Add up the splits of each feature, (rows, features)."""
        rows = len(contributions)
        bins = np.arange(rows)[:, None] * features + self.feature
        values = np.bincount(bins.ravel(), contributions.ravel(), rows * features)
        return values.astype(np.float64).reshape(rows, features)  # whole numbers where there is no split at all


def _levels(trees: Trees, paths: Paths, times: Floats) -> Iterator[_Level]:
    start = 0
    for depth in paths.depths:
        stop = start + len(depth.place)
        followed = paths.followed[depth.splits[depth.first :]]
        either = times[:, None] + (1.0 - times[:, None]) * followed  # f
        yield _Level(
            splits=slice(start, stop),
            again=slice(depth.first, stop - start),
            place=depth.place,
            values=trees.value[depth.nodes].astype(np.float32),
            known=(times[:, None] / either).astype(np.float32),
            scale=(followed / either**2).astype(np.float32),
        )
        start = stop
