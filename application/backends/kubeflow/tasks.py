"""The stages a person sees, and how Kubeflow's tasks tell about them."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from application.runs.run import moment_of
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
SILENT_SECONDS = 120.0  # a pod takes some 6 s to begin, a node that is added for it and pulls an image 1 to 2 minutes


def merged(
    pipeline: Pipeline, records: Sequence[TaskRecord], tasks: Iterable[Any], *, active: bool
) -> tuple[TaskRecord, ...]:
    """The stages' own records, with what only Kubeflow knows: tasks without a record, and records of an earlier try.

    Drivers and groups stand among the tasks too, so only the planned names count. A task that is cached, still pulling
    its image or killed before its first line leaves no record; one that runs again still has the record of its failure.
    """
    seen = _by_name(pipeline, tasks)
    kept = [_retold(record, seen.get(base_name(record.name), [])) for record in records]
    told = {base_name(record.name) for record in records}
    added = [_from_task(name, found[-1]) for name, found in seen.items() if name not in told and _state(found[-1])]
    silent = time.time() - SILENT_SECONDS if active else 0.0
    found = [_starting(task) if _untold(task, records) and task.started < silent else task for task in (*kept, *added)]
    return tuple(sorted(found, key=lambda record: (record.started, record.name)))


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


def _untold(task: TaskRecord, records: Sequence[TaskRecord]) -> bool:
    """Whether only Kubeflow says that a task runs: a stage's first line is its record."""
    return task.state == "running" and task not in records


def _starting(task: TaskRecord) -> TaskRecord:
    """A task whose pod should have left a record by now; 2.17 tells neither the pod's state nor its events."""
    reason = (
        f"The pod of {task.name} has not begun for more than {SILENT_SECONDS / 60:.0f} minutes: its image is being "
        "pulled or cannot be pulled, no node has room for it, or it does not reach the store. Kubeflow does not say "
        "which; `kubectl get pods` and `kubectl get events` in the run's namespace do."
    )
    return replace(task, state="starting", error=RunError("POD_NOT_STARTED", reason, task.name))


def explained(tasks: Sequence[TaskRecord], reasons: Mapping[str, str]) -> tuple[TaskRecord, ...]:
    """The tasks, those that wait for their pod with what Kubernetes says of it."""
    return tuple(
        replace(task, error=replace(task.error, message=f"{task.error.message} Kubernetes says: {reasons[task.name]}"))
        if task.error and task.name in reasons
        else task
        for task in tasks
    )


def moment(told: datetime | None) -> str:
    """A time of Kubeflow's, as a run keeps it; empty for one that has not come."""
    seconds = _seconds(told)
    return moment_of(seconds) if seconds else ""


def _seconds(moment: datetime | None) -> float | None:
    """Seconds since 1970; Kubeflow writes a time before 1971 for one that has not come."""
    if moment is None or moment.year < 1971:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def _message(name: str, task: Any) -> str:  # noqa: ANN401
    words = getattr(task.error, "message", None) if task.error else None
    return f"The task {name} ended on Kubeflow without an error of its own." + (
        f" Kubeflow reports: {words}" if words else ""
    )
