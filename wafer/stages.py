"""What a stage declares about itself in its `descriptor.py`: plain data, from which everything else is derived."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Size = Literal["small", "medium", "large"]


@dataclass(frozen=True, slots=True)
class Task:
    """One box of a DAG; its component is the function of this name, with underscores, in the stage's `component.py`.

    `cached` is false for a task that reads or writes outside its artifacts. `counts` names what the task counts, in the
    order in which people see it. `preload` names what an embedded run imports before the task starts, in this order.
    A task with an `item_label` runs once for every item of a list; a record of one item ends in the item's number.
    """

    name: str
    label: str
    size: Size = "medium"
    cached: bool = True
    item_label: str = ""
    counts: Mapping[str, str] = field(default_factory=dict)
    preload: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """A folder of the repository and the image of the same name, with the tasks that run in it."""

    tasks: tuple[Task, ...]
