"""A false-alarm budget that holds on the next batch: the threshold follows recent scores, not only those of training.

From batch to batch the scores of a model move, and a threshold found in training then flags far more or far fewer
wafers than promised. The rank among recent scores keeps the share of flagged wafers, whatever the scores are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from wafer.model.calibration import threshold_for
from wafer.wafers.arrays import Floats

Rule = Literal["fixed", "recent"]
ENOUGH = 200  # scores; with so many of its own a batch needs no others. At a budget of 10 % the share is exact to .02
LEAST = 50  # scores; fewer cannot say where the highest tenth begins, and the fixed threshold is used


@dataclass(frozen=True, slots=True)
class Threshold:
    """The probability from which wafers are flagged, and where it comes from."""

    value: float
    rule: Rule  # that was used
    scores: int = 0  # that it was drawn from: the batch's own and those of wafers scored before
    own: int = 0  # of these, the batch's own


def recent_threshold(budget: float, own: Floats, before: Sequence[Floats], fixed: float) -> Threshold:
    """Flag at most this share of the recent scores: the batch's own, filled up to `ENOUGH` by those scored last before.

    `before` has the scores of earlier batches, the latest first. Outcomes are not known yet, so the share is of all
    wafers; of the passing ones it is less by the failures found. Fewer than `LEAST` scores give the fixed threshold.
    """
    missing = max(0, ENOUGH - len(own))
    recent = np.concatenate([own, *before])[: len(own) + missing]
    if len(recent) < LEAST:
        return Threshold(fixed, "fixed")
    value = threshold_for(budget, recent, np.zeros(len(recent), bool))
    return Threshold(value, "recent", len(recent), len(own))
