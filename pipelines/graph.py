"""The order of a DAG's tasks, read from its compiled graph."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict


class ComponentRef(TypedDict):
    """Which component a task runs."""

    name: str


class TaskSpec(TypedDict):
    """A task of a graph; an embedded run changes the last two."""

    componentRef: ComponentRef
    dependentTasks: NotRequired[list[str]]
    retryPolicy: NotRequired[Mapping[str, object]]
    cachingOptions: NotRequired[Mapping[str, bool]]


class Dag(TypedDict):
    """Tasks by name."""

    tasks: dict[str, TaskSpec]


class Component(TypedDict):
    """A program, or a graph of its own."""

    dag: NotRequired[Dag]


class Root(TypedDict):
    """What the pipeline itself is: a graph."""

    dag: Dag


class PipelineSpec(TypedDict):
    """What is read here of a compiled pipeline, which says more."""

    root: Root
    components: dict[str, Component]


def steps(spec: PipelineSpec) -> dict[str, int]:
    """Task -> how many tasks at least have to end one after the other before it starts; first tasks first.

    Groups (the exit handler, a loop) are no tasks: theirs count, and what waits for a group waits for its last task.
    """
    found: dict[str, int] = {}
    _end(spec, spec["root"]["dag"], 0, found)
    return dict(sorted(found.items(), key=lambda each: (each[1], each[0])))


def one_by_one(spec: PipelineSpec) -> list[str]:
    """Tasks in an order for one after the other, each as late as can be: what it imports has the most time for that."""
    components = {name: _turned(each) for name, each in spec["components"].items()}
    follow = steps({"root": {"dag": _turned_dag(spec["root"]["dag"])}, "components": components})
    return sorted(follow, key=lambda name: (-follow[name], name))


def _turned(component: Component) -> Component:
    return {"dag": _turned_dag(component["dag"])} if "dag" in component else {}


def _turned_dag(dag: Dag) -> Dag:
    """The graph in which every task waits for those that waited for it."""
    followers: dict[str, list[str]] = {name: [] for name in dag["tasks"]}
    for name, task in dag["tasks"].items():
        for earlier in task.get("dependentTasks", ()):
            followers[earlier].append(name)
    return {
        "tasks": {
            name: {"componentRef": task["componentRef"], "dependentTasks": followers[name]}
            for name, task in dag["tasks"].items()
        }
    }


def _end(spec: PipelineSpec, dag: Dag, start: int, found: dict[str, int]) -> int:
    """Number of steps after which a graph has ended; notes its tasks' starts in `found`."""
    ends: dict[str, int] = {}

    def end(name: str) -> int:
        if name not in ends:
            task = dag["tasks"][name]
            begin = max((end(each) for each in task.get("dependentTasks", ())), default=start)
            inner = spec["components"][task["componentRef"]["name"]].get("dag")
            ends[name] = _end(spec, inner, begin, found) if inner else begin + 1
            if not inner:
                found[name] = begin
        return ends[name]

    return max(map(end, dag["tasks"]))
