"""Which wafers are learned from and which are asked about, in every fold of both kinds of cross-validation."""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from wafer.wafers.arrays import Ints, Wafers

Protocol = Literal["random", "blocks"]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to measure."""

    repeats: int  # of the random cross-validation
    offsets: int  # of the block cross-validation
    folds: int
    older_repeats: int  # of either, that the older recipe takes part in
    resamples: int = 1000
    quick: bool = False

    def command(self) -> str:
        """Return the options that lead to this plan."""
        if self.quick:
            return "--quick"
        amounts = f"--repeats {self.repeats} --offsets {self.offsets} --folds {self.folds}"
        return f"{amounts} --older-repeats {self.older_repeats}"


@dataclass(frozen=True, slots=True)
class Fold:
    """Positions of the wafers to learn from and of those to ask about."""

    protocol: Protocol
    repeat: int
    number: int
    learn: Ints
    ask: Ints


def folds_of(wafers: Wafers, plan: Plan) -> list[Fold]:
    """Return every fold of both protocols, repeat by repeat."""
    return random_folds(wafers, plan.repeats, plan.folds) + block_folds(wafers, plan.offsets, plan.folds)


def random_folds(wafers: Wafers, repeats: int, folds: int) -> list[Fold]:
    """Stratified folds, shuffled again in each repeat: the wafers asked about lie between those learned from."""
    from sklearn.model_selection import StratifiedKFold

    found = []
    for repeat in range(repeats):
        split = StratifiedKFold(folds, shuffle=True, random_state=repeat).split(wafers.readings, wafers.failed)
        found += [Fold("random", repeat, number, learn, ask) for number, (learn, ask) in enumerate(split)]
    return found


def block_folds(wafers: Wafers, offsets: int, blocks: int) -> list[Fold]:
    """Contiguous blocks in the order of wafer numbers, moved on by a part of a block in each repeat.

    A block that reaches beyond the last wafer continues at the first.
    """
    order = np.argsort([_number(name) for name in wafers.names], kind="stable")
    found = []
    for repeat in range(offsets):
        moved = np.roll(order, -round(repeat * len(order) / blocks / offsets))
        parts = np.array_split(moved, blocks)
        for number, ask in enumerate(parts):
            learn = np.concatenate([part for other, part in enumerate(parts) if other != number])
            found.append(Fold("blocks", repeat, number, np.sort(learn), np.sort(ask)))
    return found


def _number(name: str) -> int:
    found = re.findall(r"\d+", name)
    return int(found[-1]) if found else 0
