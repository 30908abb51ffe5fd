"""By which scores two models are compared: the most honest ones that enough wafers have."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from load_prod_model.known import Known
from wafer.evaluation.decision import Evidence
from wafer.wafers.arrays import Bools, Floats

ENOUGH = 20  # failing and passing wafers that a comparison rests on; with fewer, the next best scores are taken


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of the same wafers by both, and the kind of honesty that they have; NaN where it has none."""

    kind: Evidence
    ours: Floats
    theirs: Floats

    @property
    def judged(self) -> Bools:
        """Wafers that both have scored so."""
        return ~np.isnan(self.ours) & ~np.isnan(self.theirs)


def evidence_of(ours: Known, theirs: Known) -> list[Scored]:
    """What the models can be compared by, the best first."""
    return [
        Scored("forward", *(np.where(each.newer, each.score, each.forward) for each in (ours, theirs))),
        Scored("whole_file", *(np.where(each.elsewhere, each.score, each.whole_file) for each in (ours, theirs))),
        Scored("out_of_fold", ours.score, theirs.score),
    ]


def best(found: Sequence[Scored], counting: Bools, failed: Bools) -> Scored:
    """The first that rests on enough wafers; the last one if none does."""
    for each in found:
        if enough(failed[counting & each.judged]):
            return each
    return found[-1]


def enough(failed: Bools) -> bool:
    """Whether a comparison may rest on these wafers."""
    return bool(min(failed.sum(), (~failed).sum()) >= ENOUGH)
