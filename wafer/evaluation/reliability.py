"""Whether wafers fail as often as their probability says."""

from dataclasses import dataclass

import numpy as np

from wafer.wafers.arrays import Bools, Floats

GROUPS = 8


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Wafers of similar probability."""

    predicted: float  # mean probability
    observed: float  # share that failed
    wafers: int


def reliability(failed: Bools, probability: Floats, groups: int = GROUPS) -> list[ReliabilityBin]:
    """Groups of equal size, from the lowest probability to the highest."""
    order = np.argsort(probability, kind="stable")
    return [
        ReliabilityBin(float(probability[group].mean()), float(failed[group].mean()), len(group))
        for group in np.array_split(order, groups)
        if len(group)
    ]
