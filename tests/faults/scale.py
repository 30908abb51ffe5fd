"""How much of the suite runs: a sample of everything in `make test`, all of it in `make faults`."""

import os
import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
EVERYTHING = os.environ.get("WAFER_FAULTS") == "all"


def scaled(few: T, all_of_them: T) -> T:
    """The value of `make test`, or that of `make faults`."""
    return all_of_them if EVERYTHING else few


def sample(of: Sequence[T], few: int) -> list[T]:
    """A seeded sample, or all."""
    return list(of) if EVERYTHING else random.Random(7).sample(of, min(few, len(of)))
