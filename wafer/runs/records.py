"""The record a task leaves of itself, and what became of a run as its records and published folders tell it.

The records lie in the store (`layout.stage_records`), so the command line, the service and the exit task read one
truth, whether the run is embedded or on Kubeflow (whose own task details carry neither outputs nor the stage's error).
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal, Protocol

import structlog

from wafer.errors import NotPublished, ObjectNotFound, StoreUnavailable, WaferError
from wafer.logs import configure_logs
from wafer.process import refuse_cut_answers, restrain_mlflow, spare_the_collector
from wafer.progress import Progress
from wafer.runs.live import recorded
from wafer.runs.room import memory_allowed, require_room
from wafer.settings import Settings
from wafer.stages import Stage
from wafer.store import Store, layout, open_store, read_marker
from wafer.store.disk import refusals
from wafer.store.layout import Pipeline

State = Literal["starting", "running", "succeeded", "failed"]


@dataclass(frozen=True, slots=True)
class RunError:
    """What went wrong, in the words shown to the user; `stage` is the task it happened in, None outside of any."""

    code: str
    message: str
    stage: str | None = None
    retry_helps: bool = False


Counts = dict[str, Any]  # numbers, names and lists, as JSON takes them


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """One task of one run: its state, when it started (seconds since 1970), how long it took, what it counted.

    `progress` is that of a running task that takes long; `seconds` is then how long it has worked so far.

    A task that is `starting` waits for its pod; only a backend can know that, so no record in the store says it.
    """

    name: str
    state: State
    started: float
    seconds: float = 0.0
    counts: Counts = field(default_factory=dict)
    error: RunError | None = None
    progress: Progress | None = None

    @property
    def ended(self) -> bool:
        """Whether the task is over, well or not."""
        return self.state in {"succeeded", "failed"}

    def to_json(self) -> str:
        """The record as it lies in the store."""
        kept = asdict(self)
        if self.error:
            del kept["error"]["stage"]  # it is the record's own
        return json.dumps({"stage": kept.pop("name"), **kept}, sort_keys=True)

    @classmethod
    def from_json(cls, text: bytes) -> "TaskRecord":
        """Read what `to_json` wrote."""
        raw = json.loads(text)
        name, error, progress = raw.pop("stage"), raw.pop("error"), raw.pop("progress", None)
        return cls(
            name,
            error=RunError(**error, stage=name) if error else None,
            progress=Progress(**progress) if progress else None,
            **raw,
        )


class Metrics(Protocol):
    """Where Kubeflow shows a task's figures: `kfp.dsl.Metrics`."""

    def log_metric(self, name: str, value: float, /) -> None:
        """Show a figure."""


class StageLog:
    """What a running stage reports: counts for its record, progress for the log."""

    def __init__(self, record: TaskRecord, store: Store) -> None:
        self._record = record
        self.store = store
        self._log = structlog.get_logger()

    def count(self, **counts: Any) -> None:  # noqa: ANN401 - numbers, names and lists, as JSON takes them
        """Add counts to the stage's record and log them as progress."""
        self._record.counts.update(counts)
        self._log.info("stage.progress", stage=self._record.name, **counts)

    def measure(self, metrics: Metrics, **counts: Any) -> None:  # noqa: ANN401 - as above
        """Count, and show the counts as the task's metrics on Kubeflow's page."""
        self.count(**counts)
        for name, value in counts.items():
            metrics.log_metric(name, value)


def _write(store: Store, run_id: str, record: TaskRecord) -> None:
    store.put(layout.stage_record(run_id, record.name), record.to_json().encode())


@contextmanager
def run_stage(
    name: str, run_id: str, store: Store | None = None, *, declared: Stage | None = None
) -> Iterator[StageLog]:
    """Run a stage's body at its process's edge: log, record start and end, turn errors into a record and exit code 1.

    The store is that of the settings unless another is given. The body does not begin if the run's wafers need more
    memory than there is, by what the stage `declared`. A `WaferError` ends the process with its sentence and no
    stack; anything unexpected keeps its stack in the log.
    """
    restrain_mlflow()
    refuse_cut_answers()
    spare_the_collector()
    configure_logs()
    store = store or open_store(Settings().store_uri)
    log = structlog.get_logger().bind(stage=name, run_id=run_id)
    record = TaskRecord(name, "running", time.time())
    try:
        _write(store, run_id, record)
        log.info("stage.started")
        if needs := declared and declared.needs(name):
            require_room(needs, wafers_counted(store, run_id), memory_allowed())
        with refusals(), recorded(partial(_write_progress, store, run_id, record)):
            yield StageLog(record, store)
    except WaferError as error:
        _finish(store, run_id, record, RunError(error.code, error.message, name, error.retry_helps))
        log.error("stage.failed", code=error.code, message=error.message)  # noqa: TRY400 - the sentence is for a user
        raise SystemExit(1) from error
    except Exception as error:
        _finish(store, run_id, record, RunError("INTERNAL", f"{type(error).__name__}: {error}", name))
        log.exception("stage.failed", code="INTERNAL")
        raise
    done = _finish(store, run_id, record, None)
    log.info("stage.finished", seconds=done.seconds, **record.counts)


def _write_progress(store: Store, run_id: str, record: TaskRecord, progress: Progress | None) -> None:
    seconds = round(time.time() - record.started, 3)
    told = asdict(progress) if progress else {}
    structlog.get_logger().info("stage.progress", stage=record.name, run_id=run_id, seconds=seconds, **told)
    _write(store, run_id, replace(record, counts=dict(record.counts), progress=progress, seconds=seconds))


def _finish(store: Store, run_id: str, record: TaskRecord, error: RunError | None) -> TaskRecord:
    seconds = round(time.time() - record.started, 3)
    state: State = "failed" if error else "succeeded"
    done = TaskRecord(record.name, state, record.started, seconds, record.counts, error)
    try:
        _write(store, run_id, done)
    except StoreUnavailable:
        if error is None:
            raise
        structlog.get_logger().warning("stage.record_lost", stage=record.name)  # the first error is the one to report
    return done


def task_records(store: Store, run_id: str) -> tuple[TaskRecord, ...]:
    """Every task of a run that has started, in the order of starting."""
    records = [TaskRecord.from_json(store.get(item.key)) for item in store.keys(layout.stage_records(run_id))]
    return tuple(sorted(records, key=lambda record: (record.started, record.name)))


def wafers_counted(store: Store, run_id: str) -> int:
    """How many wafers the run's validation counted; 0 before it has."""
    try:
        text = store.get(layout.stage_record(run_id, "validate"))
    except ObjectNotFound:
        return 0
    return int(TaskRecord.from_json(text).counts.get("rows_good", 0))


def resolve_run_id(run_id: str, job_id: str) -> str:
    """The run's id: the caller's, or the Kubeflow run's own for a run started from the Kubeflow page."""
    return run_id or job_id


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, judged by its published marker and its tasks' records."""

    run_id: str
    pipeline: Pipeline
    state: State
    finished: str
    published: str | None
    error: RunError | None


def judge(store: Store, run_id: str, pipeline: Pipeline) -> Outcome:
    """A run succeeded exactly when its folder is published; otherwise the first failed stage says why.

    The exit task cannot ask Kubeflow: it reports a failed run as RUNNING and without a message (measured on 2.17.0).
    """
    prefix = layout.published(pipeline, run_id)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        read_marker(store, prefix)
    except NotPublished:
        error = next((record.error for record in task_records(store, run_id) if record.state == "failed"), None)
        return Outcome(run_id, pipeline, "failed", now, None, error)
    return Outcome(run_id, pipeline, "succeeded", now, f"{store.uri}/{prefix}", None)


def record_outcome(run_id: str, pipeline: Pipeline, store: Store | None = None) -> Outcome:
    """Judge the run and keep what it finds in the store (`layout.outcome`)."""
    configure_logs()
    store = store or open_store(Settings().store_uri)
    outcome = judge(store, run_id, pipeline)
    store.put(layout.outcome(run_id), json.dumps(asdict(outcome), sort_keys=True).encode())
    log = structlog.get_logger().bind(run_id=run_id, pipeline=pipeline, state=outcome.state)
    if outcome.error:  # Kubeflow's page shows a run's error nowhere but in its tasks' logs
        log.error("run.failed", stage=outcome.error.stage, code=outcome.error.code, message=outcome.error.message)
    log.info("run.finished")
    return outcome
