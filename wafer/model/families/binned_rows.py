"""A training set as XGBoost takes it block by block; it keeps one byte a feature, and no copy of the features.

The trees are the same as from a `DMatrix`, which holds a copy and takes 2.4 times the memory.
"""

from collections.abc import Callable, Iterator
from threading import Semaphore
from typing import Any

import xgboost

from wafer.model.training_set import TrainingSet
from wafer.process import cores, give_back_memory
from wafer.wafers.arrays import Features
from wafer.wafers.table import ROWS_AT_ONCE

# While it looks for the bins XGBoost holds some 450 KB a feature (110 MiB for 80,000 wafers, 70 for 20,000), four times
# what it keeps. Of the fits side by side in a process half do that at a time; it is half the work of a light fit.
_BINNING = Semaphore(max(1, cores() // 2))


class _Blocks(xgboost.DataIter):
    def __init__(self, training: TrainingSet) -> None:
        super().__init__()
        self._training = training
        self._left: Iterator[tuple[slice, Features]] = iter(())

    def reset(self) -> None:
        self._left = self._training.blocks()

    def next(self, input_data: Callable[..., Any]) -> bool:
        found = next(self._left, None)
        if found is None:
            return False
        rows, features = found
        input_data(data=features, label=self._training.failed[rows], weight=self._training.weight[rows])
        return True


def in_bins(training: TrainingSet, bins: int) -> xgboost.DMatrix:
    """Return the rows with each feature cut into so many bins; few rows are copied, which takes half of the time."""
    if len(training) <= ROWS_AT_ONCE:
        ((rows, features),) = training.blocks()
        return xgboost.DMatrix(features, training.failed[rows], weight=training.weight[rows], nthread=1)
    with _BINNING:
        matrix = xgboost.QuantileDMatrix(_Blocks(training), max_bin=bins, nthread=1)
        give_back_memory()
        return matrix
