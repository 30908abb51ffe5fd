"""The rows that a model learns from."""

from dataclasses import dataclass, replace

import numpy as np

from wafer.wafers.arrays import Bools, Features, Floats, Ints


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """What every fit of a run shares."""

    features: Features  # (wafers, features)
    failed: Bools  # (wafers,)
    fold: Ints  # (wafers,)
    weight: Floats  # (wafers,)

    def __len__(self) -> int:
        return len(self.failed)

    def rows(self, index: Bools) -> "TrainingSet":
        """Return the rows at these positions."""
        return TrainingSet(self.features[index], self.failed[index], self.fold[index], self.weight[index])

    def weighted(self, weight: Floats) -> "TrainingSet":
        """Return the same rows with these weights."""
        return replace(self, weight=weight)


def training_set(features: Features, failed: Bools, fold: Ints) -> TrainingSet:
    """Every wafer with the same weight."""
    return TrainingSet(features, failed, fold, np.ones(len(failed)))


def deal_folds(failed: Bools, folds: int) -> Ints:
    """Return a fold for each wafer, failing and passing ones dealt out in turn, (wafers,).

    Preprocessing orders wafers by a digest of their readings, so the deal is random, but neither a wafer's number nor
    its file takes part in it.
    """
    fold = np.empty(len(failed), dtype=np.int64)
    for outcome in (True, False):
        alike = np.flatnonzero(failed == outcome)
        fold[alike] = np.arange(len(alike)) % folds
    return fold
