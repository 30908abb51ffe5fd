"""Which wafers are learned from and which are asked about: forward in time, in whole files, and at random."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from sklearn.model_selection import StratifiedKFold

from wafer.contract.file_name import FileName
from wafer.evaluation.walk_forward import Split, Timeline
from wafer.wafers.arrays import Ints, Wafers

LEAST = (10, 30)  # failing and passing wafers to learn from, in the smallest fold
Protocol = Literal["forward", "files", "random"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to measure."""

    repeats: int  # of the random cross-validation
    folds: int
    older_repeats: int  # of these, that the older recipe takes part in
    resamples: int = 1000
    quick: bool = False
    older_in: tuple[Protocol, ...] = PROTOCOLS  # that the older recipe takes part in

    def command(self) -> str:
        """Return the options that lead to this plan."""
        if self.quick:
            return "--quick"
        some = "".join(f" --older-in {each}" for each in self.older_in) if self.older_in != PROTOCOLS else ""
        return f"--repeats {self.repeats} --folds {self.folds} --older-repeats {self.older_repeats}{some}"

    def takes_part(self, fold: "Fold") -> bool:
        """Tell whether the older recipe, which takes minutes a fold, is asked in this one."""
        return fold.repeat < self.older_repeats and fold.protocol in self.older_in


@dataclass(frozen=True, slots=True)
class Fold:
    """Positions of the wafers to learn from and of those to ask about."""

    protocol: Protocol
    repeat: int
    number: int
    learn: Ints
    ask: Ints


def folds_of(wafers: Wafers, form: FileName, plan: Plan) -> list[Fold]:
    """Return every fold, the most honest protocol first. `form` reads the time of a file from its name."""
    stamps = np.array([form.stamp(name) for name in wafers.files], dtype="datetime64[s]")
    line = Timeline.of(stamps, wafers.files, wafers.names)
    later, other = (find(wafers.known_failed, *LEAST) for find in (line.windows, line.whole_files))
    few = slice(-1, None) if plan.quick else slice(None)
    at_random = random_folds(wafers, plan.repeats, plan.folds)
    return [*_folds("forward", later[few]), *_folds("files", other[few]), *at_random]


def _folds(protocol: Protocol, splits: Sequence[Split]) -> list[Fold]:
    """The product's own splits, once."""
    return [
        Fold(protocol, 0, number, np.flatnonzero(split.learn), np.flatnonzero(split.test))
        for number, split in enumerate(splits)
    ]


def random_folds(wafers: Wafers, repeats: int, folds: int) -> list[Fold]:
    """Stratified folds, shuffled again in each repeat: the wafers asked about lie between those learned from."""
    found = []
    for repeat in range(repeats):
        split = StratifiedKFold(folds, shuffle=True, random_state=repeat).split(wafers.readings, wafers.failed)
        found += [Fold("random", repeat, number, learn, ask) for number, (learn, ask) in enumerate(split)]
    return found
