"""The table of tasks: what each DAG runs, in which order, under which words, after which imports.

`wafer pipelines compile` writes it from the stages' descriptors and the compiled graphs, since the application's image
holds no stage. Imports little: an embedded run reads it before its first task starts.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import Any, NamedTuple

from wafer.stages import Needs, Task

FILE = "tasks.json"
# What every task imports, whatever it declares; pyarrow imports pandas for its first array.
_EVERY_TASK = ("kfp.dsl.executor_main", "wafer.runs", "numpy", "pandas", "pyarrow.pandas_compat")
_SHOWN = int | float | str  # a count of another type is for programs


@dataclass(frozen=True, slots=True)
class Planned:
    """A task of a DAG and the stage whose image it runs in."""

    stage: str
    task: Task


class Branch(NamedTuple):
    """Tasks that share a process, by their components, and what it imports for them."""

    components: tuple[str, ...]
    imports: tuple[str, ...]


Table = Mapping[str, tuple[Planned, ...]]


def to_json(table: Table) -> str:
    """The table as it is kept next to the compiled packages."""
    rows = {pipeline: [asdict(each) for each in tasks] for pipeline, tasks in table.items()}
    return json.dumps(rows, indent=1) + "\n"


@cache
def table() -> Table:
    """Pipeline -> its tasks in the order of the DAG."""
    text = (files("pipelines") / "compiled" / FILE).read_text(encoding="utf-8")
    return {pipeline: tuple(map(_planned, rows)) for pipeline, rows in json.loads(text).items()}


def planned(pipeline: str) -> tuple[str, ...]:
    """Names of a DAG's tasks, in its order."""
    return tuple(each.task.name for each in table()[pipeline])


def preload(pipeline: str) -> tuple[str, ...]:
    """What the tasks of a DAG import, in the order in which a run comes to need it, but for those of a branch."""
    return tuple(dict.fromkeys((*_EVERY_TASK, *_imports(pipeline, ""))))


def branches(pipeline: str) -> list[Branch]:
    """The branches of a DAG, in the order in which a run comes to need them."""
    tasks = [each.task for each in table()[pipeline]]
    names = dict.fromkeys(task.branch for task in tasks if task.branch)
    return [
        Branch(tuple(task.component for task in tasks if task.branch == name), _imports(pipeline, name))
        for name in names
    ]


def task_of(record: str) -> Task | None:
    """The task that leaves records of this name: `train-cluster-3` is an item of `train-cluster`."""
    found = _by_name().get(record)
    if found:
        return found
    name, _, number = record.rpartition("-")
    found = _by_name().get(name)
    return found if found and found.item_label and number.isdigit() else None


def base_name(record: str) -> str:
    """Name of the task that leaves records of this name; a name that no task has stays as it is."""
    task = task_of(record)
    return task.name if task else record


def label(record: str) -> str:
    """A record's name for people."""
    task = task_of(record)
    if task is None:
        return record
    return task.label if record == task.name else f"{task.item_label} {record.rpartition('-')[2]}"


def summary(record: str, counts: Mapping[str, object]) -> str:
    """What a task counted, for people: `files 12, wafers 1,137`.

    Where none of the declared counts is there, as in the record of an older version, all are told by their names.
    """
    task = task_of(record)
    labels = {name: words for name, words in task.counts.items() if name in counts} if task else {}
    shown = labels or {name: name.replace("_", " ") for name, value in counts.items() if isinstance(value, _SHOWN)}
    return ", ".join(f"{words} {_value(counts[name])}" for name, words in shown.items())


def _value(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.3g}"
        case _:
            return str(value).replace("_", " ")


def _imports(pipeline: str, branch: str) -> tuple[str, ...]:
    return tuple(chain.from_iterable(each.task.preload for each in table()[pipeline] if each.task.branch == branch))


@cache
def _by_name() -> dict[str, Task]:
    return {each.task.name: each.task for tasks in table().values() for each in tasks}


def _planned(row: Mapping[str, Any]) -> Planned:
    task, needs = row["task"], row["task"]["needs"]
    return Planned(
        row["stage"], Task(**task | {"preload": tuple(task["preload"]), "needs": Needs(**needs) if needs else None})
    )
