"""A training set as files: what a fit in another process reads.

The features are one `.npy` file, float32 in the order of columns, which every fit maps into its memory; the rest of the
rows is a small `.npz` file next to it.
"""

from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from wafer.model.training_set import TrainingSet
from wafer.wafers.arrays import Features

# The header of an .npy file is read by `ast`, which in two threads at once may end in a SystemError (seen on Python
# 3.11.7; https://github.com/python/cpython/issues/106905). Fits of one process read theirs one after the other.
_READING = Lock()
# Path -> the map of it in this process: what fits map side by side would count as memory several times over.
_maps: "WeakValueDictionary[Path, np.memmap[Any, Any]]" = WeakValueDictionary()


@dataclass(frozen=True, slots=True)
class TrainingFiles:
    """The files of one training set; several may share their features."""

    features: Path
    rows: Path

    def write(self, training: TrainingSet) -> None:
        """Write the rows, and the features of some rows of a table, which no other training set has."""
        if training.chosen is not None:
            table = new_features(self.features, len(training), training.table.shape[1])
            for some, features in training.blocks():
                table[some] = features
        np.savez(self.rows, failed=training.failed, fold=training.fold, weight=training.weight)

    def read(self) -> TrainingSet:
        """Return the training set; its features come into memory as they are asked for."""
        with _READING, np.load(self.rows) as rows:
            return TrainingSet(_mapped(self.features), rows["failed"], rows["fold"], rows["weight"])


def new_features(path: Path, rows: int, width: int) -> Features:
    """Return an array to fill, (rows, width), which is the file of this name."""
    _maps[path] = features = np.lib.format.open_memmap(path, "w+", np.float32, (rows, width), fortran_order=True)
    return features


def _mapped(path: Path) -> Features:
    found = _maps.get(path)
    if found is None:
        _maps[path] = found = np.load(path, mmap_mode="r")
    features = np.asarray(found)
    features.setflags(write=False)
    return features
