"""What a stage declares about itself in its `descriptor.py`: plain data, from which everything else is derived."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Size = Literal["small", "medium", "large"]
WAFERS = 100_000  # of one run, where nothing else is set: a month of a large line


@dataclass(frozen=True, slots=True)
class Needs:
    """What a task needs at most, as measured: memory in MiB and KiB a wafer, processor time in ms a wafer."""

    mib: int
    kib_a_wafer: float = 0.0
    ms_a_wafer: float = 0.0

    def memory(self, wafers: int) -> int:
        """MiB for a number of wafers."""
        return self.mib + math.ceil(wafers * self.kib_a_wafer / 1024)

    def seconds(self, wafers: int) -> float:
        """Seconds of one processor for a number of wafers."""
        return wafers * self.ms_a_wafer / 1000


@dataclass(frozen=True, slots=True)
class Task:
    """One box of a DAG; its component is the function of this name, with underscores, in the stage's `component.py`.

    `cached` is false for a task that reads or writes outside its artifacts. `counts` names what the task counts, in the
    order in which people see it. `preload` names what an embedded run imports before the task starts, in this order;
    tasks of one `branch` share a process that does so during earlier tasks: for packages that others do without.
    `needs` is None for a task that no number of wafers makes larger. A task with an `item_label` runs once for every
    item of a list; a record of one item ends in the item's number.
    """

    name: str
    label: str
    size: Size = "medium"
    cached: bool = True
    item_label: str = ""
    counts: Mapping[str, str] = field(default_factory=dict)
    preload: tuple[str, ...] = ()
    branch: str = ""
    needs: Needs | None = None

    @property
    def component(self) -> str:
        """Name of its function."""
        return self.name.replace("-", "_")

    def leaves(self, record: str) -> bool:
        """Whether a record of this name is this task's, or that of one of its items."""
        return record == self.name or (bool(self.item_label) and record.startswith(f"{self.name}-"))


@dataclass(frozen=True, slots=True)
class Stage:
    """A folder of the repository and the image of the same name, with the tasks that run in it."""

    tasks: tuple[Task, ...]

    def needs(self, record: str) -> Needs | None:
        """What the task that leaves records of this name needs; the record of one item begins with the task's name."""
        return next((each.needs for each in self.tasks if each.leaves(record)), None)
