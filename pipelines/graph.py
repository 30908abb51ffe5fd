"""The order of a DAG's tasks, read from its compiled graph."""

from collections.abc import Mapping
from typing import Any

Graph = Mapping[str, Any]


def steps(spec: Graph) -> dict[str, int]:
    """Task -> how many tasks at least have to end one after the other before it starts; first tasks first.

    Groups (the exit handler, a loop) are no tasks: theirs count, and what waits for a group waits for its last task.
    """
    found: dict[str, int] = {}
    _end(spec, spec["root"]["dag"], 0, found)
    return dict(sorted(found.items(), key=lambda each: (each[1], each[0])))


def _end(spec: Graph, dag: Graph, start: int, found: dict[str, int]) -> int:
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
