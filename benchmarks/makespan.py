"""How long a DAG takes with so many workers, simulated from the processor time of its units and of all between them."""

import heapq
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage at some number of wafers, in seconds of one processor.

    `phases` are the calls of the engine one after the other, each with the seconds of its units by name.
    """

    name: str
    wafers: int
    alone: float  # what the task's own process does, which no worker can
    phases: Sequence[Mapping[str, float]] = ()

    def makespan(self, workers: int) -> float:
        """How long it takes when every worker takes the next unit as soon as it is free."""
        return self.alone + sum(_scheduled(phase.values(), workers) for phase in self.phases)

    @property
    def units(self) -> float:
        """Seconds of all units."""
        return sum(sum(phase.values()) for phase in self.phases)

    @property
    def least(self) -> float:
        """What no number of workers changes: the task's own process, and the longest unit of each phase."""
        return self.alone + sum(max(phase.values(), default=0.0) for phase in self.phases)


def _scheduled(units: Iterable[float], workers: int) -> float:
    free = [0.0] * workers
    for seconds in units:
        heapq.heapreplace(free, free[0] + seconds)
    return max(free)


def shared_evenly(small: Stage, large: Stage, wafers: int, units: int) -> Stage:
    """A stage of many alike units at another number of wafers, of which there are so many then."""
    seconds = line(small, large, wafers, lambda stage: stage.units)
    phase = {str(number): seconds / units for number in range(units)}
    return Stage(large.name, wafers, line(small, large, wafers, lambda stage: stage.alone), [phase])


def single_units(small: Stage, large: Stage, wafers: int) -> Stage:
    """A stage of the same units at another number of wafers, each of which has all of them to learn from."""
    phases = [
        {name: line(small, large, wafers, lambda stage: _of(stage, phase, name)) for name in units}  # noqa: B023 - called at once
        for phase, units in enumerate(large.phases)
    ]
    return Stage(large.name, wafers, line(small, large, wafers, lambda stage: stage.alone), phases)


def line(small: Stage, large: Stage, wafers: int, seconds: Callable[[Stage], float]) -> float:
    """Seconds at another number of wafers by a straight line through two, which does not fall.

    What only the larger one had grows in proportion.
    """
    first, second = seconds(small), seconds(large)
    slope = (second - first) / (large.wafers - small.wafers) if first else second / large.wafers
    return second + max(slope, 0.0) * (wafers - large.wafers)


def _of(stage: Stage, phase: int, unit: str) -> float:
    return stage.phases[phase].get(unit, 0.0) if phase < len(stage.phases) else 0.0


def together(stages: Sequence[Stage], name: str) -> Stage:
    """Tasks that run at the same time and share the workers: one task of all their units."""
    units = {f"{number} {unit}": seconds for number, each in enumerate(stages) for unit, seconds in _all(each)}
    return Stage(name, stages[0].wafers, max(each.alone for each in stages), [units])


def _all(stage: Stage) -> list[tuple[str, float]]:
    return [(f"{number} {name}", each) for number, units in enumerate(stage.phases) for name, each in units.items()]


def groups(size: float, most: float) -> int:
    """How many groups of at most this size."""
    return max(1, math.ceil(size / most))
