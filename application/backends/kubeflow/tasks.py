"""The stages a person sees, and how Kubeflow's tasks tell about them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from pipelines.table import base_name, planned
from wafer.runs import Pipeline, RunError, State, TaskRecord

STATES: dict[str, State] = {
    "RUNNING": "running",
    "PAUSED": "running",
    "CANCELING": "running",
    "SUCCEEDED": "succeeded",
    "SKIPPED": "succeeded",  # what a cached task reads
    "FAILED": "failed",
    "CANCELED": "failed",
}


def merged(pipeline: Pipeline, records: Sequence[TaskRecord], tasks: Iterable[Any]) -> tuple[TaskRecord, ...]:
    """The stages' own records, with what only Kubeflow knows: tasks without a record, and records of an earlier try.

    Drivers and groups stand among the tasks too, so only the planned names count. A task that is cached, still pulling
    its image or killed before its first line leaves no record; one that runs again still has the record of its failure.
    """
    seen = _by_name(pipeline, tasks)
    kept = [_retold(record, seen.get(base_name(record.name), [])) for record in records]
    told = {base_name(record.name) for record in records}
    added = [_from_task(name, found[-1]) for name, found in seen.items() if name not in told and _state(found[-1])]
    return tuple(sorted((*kept, *added), key=lambda record: (record.started, record.name)))


def _by_name(pipeline: Pipeline, tasks: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for task in tasks:
        if task.display_name in planned(pipeline):
            found.setdefault(task.display_name, []).append(task)
    return found


def _retold(record: TaskRecord, tasks: Sequence[Any]) -> TaskRecord:
    """The record, or its task where the task moved on; iterations cannot be told apart, so their records stay."""
    if len(tasks) != 1 or record.state != "failed" or _state(tasks[0]) != "running":
        return record
    return _from_task(record.name, tasks[0])


def _from_task(name: str, task: Any) -> TaskRecord:  # noqa: ANN401 - kfp's V2beta1PipelineTaskDetail
    state: State = _state(task) or "running"
    started = _seconds(task.start_time) or _seconds(task.create_time) or 0.0
    ended = _seconds(task.end_time)
    error = RunError("STAGE_FAILED", _message(name, task), name, retry_helps=True) if state == "failed" else None
    return TaskRecord(name, state, started, round(max(ended - started, 0.0), 3) if ended else 0.0, {}, error)


def _state(task: Any) -> State | None:  # noqa: ANN401
    return STATES.get(str(task.state))


def _seconds(moment: datetime | None) -> float | None:
    """Seconds since 1970; Kubeflow writes a time before 1971 for one that has not come."""
    if moment is None or moment.year < 1971:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def _message(name: str, task: Any) -> str:  # noqa: ANN401
    said = getattr(task.error, "message", None) if task.error else None
    return f"The task {name} ended on Kubeflow without an error of its own." + (
        f" Kubeflow said: {said}" if said else ""
    )
