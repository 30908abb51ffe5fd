"""Which wafers to learn from and which to ask about when time, or the file a wafer came in, must not help.

A batch's stamp, its file's name and a wafer's number order the wafers here; none of them ever reaches a model.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wafer.wafers.arrays import Bools, Ints

Stamps = npt.NDArray[np.datetime64]  # to the second; NaT where the file's name says nothing
WINDOWS = 6  # at most about so many tests forward in time
FOLDS = 4  # of whole files
_FEWEST_FILES = 4  # fewer say nothing about another file; then stretches of consecutive wafers stand for files
_STRETCHES = 10
_LEAST_FAILURES = 2  # of the wafers of one test
_DIGITS = 20  # numbers in names are compared as if they had at least so many


class Split(NamedTuple):
    """One test: a model learns from some wafers and is asked about others; (wafers,) both."""

    learn: Bools
    test: Bools


@dataclass(frozen=True, slots=True)
class Timeline:
    """The files in the order of time, and the file of each wafer."""

    names: tuple[str, ...]  # of the files, the earliest first
    file: Ints  # (wafers,) place in `names`
    order: Ints  # (wafers,) the wafers' rows in the order of time

    @classmethod
    def of(cls, batch: Stamps, files: Sequence[str], wafers: Sequence[str]) -> "Timeline":
        """Order files by stamp, those without one by their first wafer's number and name; few are cut into stretches.

        Wafers of a file follow each other by number, `Wafer-2` before `Wafer-10`.
        """
        number = np.unique([_padded(name) for name in wafers], return_inverse=True)[1]
        named, file = np.unique(np.array(files, dtype=str), return_inverse=True)
        first = np.full(len(named), len(number))
        np.minimum.at(first, file, number)
        stamp = np.full(len(named), np.datetime64("NaT"), dtype="datetime64[s]")
        stamp[file] = batch
        place = np.empty(len(named), dtype=np.int64)
        by_time = np.lexsort((named, first, stamp))  # numpy puts NaT last
        place[by_time] = np.arange(len(named))
        order = np.lexsort((number, place[file]))
        if len(named) >= _FEWEST_FILES:
            return cls(tuple(str(name) for name in named[by_time]), place[file], order)
        return _in_stretches(order, wafers)

    def windows(self, failed: Bools, min_failures: int, min_passes: int) -> list[Split]:
        """An expanding past with at least so many wafers of either outcome, each tested on the files that follow it."""
        failures, passes = (np.bincount(self.file[failed == each], minlength=len(self.names)) for each in (True, False))
        enough = (np.cumsum(failures) >= min_failures) & (np.cumsum(passes) >= min_passes)
        if not enough[:-1].any():
            return []
        start = int(np.argmax(enough)) + 1
        wanted = (failures + passes)[start:].sum() / WINDOWS
        ends, wafers, found = [start], 0, 0
        for file in range(start, len(self.names)):
            wafers, found = wafers + int(failures[file] + passes[file]), found + int(failures[file])
            if wafers >= wanted and found >= _LEAST_FAILURES and wafers > found:
                ends.append(file + 1)
                wafers = found = 0
        ends[-1:] = [len(self.names)] if len(ends) > 1 else [start, len(self.names)]  # the rest joins the last test
        tests = [Split(self.file < a, (self.file >= a) & (self.file < b)) for a, b in pairwise(ends)]
        return tests if any(failed[each.test].any() for each in tests) else []

    def whole_files(self, failed: Bools, min_failures: int, min_passes: int) -> list[Split]:
        """Every file in one of a few folds, with about as many failures in each; none where too few would be left."""
        failures = np.bincount(self.file[failed], minlength=len(self.names))
        wafers = np.bincount(self.file, minlength=len(self.names))
        dealt, load = np.empty(len(self.names), dtype=np.int64), [(0, 0)] * FOLDS
        for file in np.lexsort((np.arange(len(wafers)), -wafers, -failures)):
            fold = min(range(FOLDS), key=lambda each: (*load[each], each))
            dealt[file] = fold
            load[fold] = (load[fold][0] + int(failures[file]), load[fold][1] + int(wafers[file]))
        splits = [Split(dealt[self.file] != fold, dealt[self.file] == fold) for fold in range(FOLDS)]
        left = [(int(failed[each.learn].sum()), int((~failed[each.learn]).sum())) for each in splits]
        return splits if all(f >= min_failures and p >= min_passes for f, p in left) else []


def _in_stretches(order: Ints, wafers: Sequence[str]) -> Timeline:
    stretches = [part for part in np.array_split(order, _STRETCHES) if len(part)]
    file = np.empty(len(order), dtype=np.int64)
    for place, part in enumerate(stretches):
        file[part] = place
    return Timeline(tuple(f"{wafers[part[0]]} to {wafers[part[-1]]}" for part in stretches), file, order)


def _padded(name: str) -> str:
    return re.sub(r"\d+", lambda number: number[0].zfill(_DIGITS), name)
