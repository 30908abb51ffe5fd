"""What Prometheus reads: runs, stages, waiting, quarantine, requests."""

from collections.abc import Iterable
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from application.runs.run import Run
from pipelines.table import base_name
from wafer.runs import TaskRecord
from wafer.store import layout

_STAGE_SECONDS = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
_WAIT_SECONDS = (0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200)


class Metrics:
    """The figures of one process; whichever process settles a run counts it."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._finished = Counter("wafer_runs", "Runs that ended.", ["pipeline", "state"], registry=self.registry)
        self._active = Gauge(
            "wafer_runs_active", "Runs that have not ended.", ["pipeline", "state"], registry=self.registry
        )
        self._oldest = Gauge(
            "wafer_runs_oldest_seconds",
            "Time since the oldest run that has not ended was asked for; 0 without one.",
            ["pipeline", "state"],
            registry=self.registry,
        )
        self._stage = Histogram(
            "wafer_stage_seconds",
            "Time a stage took.",
            ["pipeline", "stage", "state"],
            buckets=_STAGE_SECONDS,
            registry=self.registry,
        )
        self._wait = Histogram(
            "wafer_queue_seconds",
            "Time between request and start of a run.",
            ["pipeline"],
            buckets=_WAIT_SECONDS,
            registry=self.registry,
        )
        self._rows = Counter("wafer_rows", "Rows of batches.", ["pipeline", "verdict"], registry=self.registry)
        self._files = Counter("wafer_files", "Batch files.", ["pipeline", "verdict"], registry=self.registry)
        self._uploaded = Counter("wafer_uploaded_bytes", "Bytes taken by upload.", ["pipeline"], registry=self.registry)
        self._requests = Counter(
            "wafer_http_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "wafer_http_seconds", "Time until a response began.", ["method", "route"], registry=self.registry
        )

    def started(self, run: Run) -> None:
        """Count the time a run waited."""
        if run.attempt == 1:
            self._wait.labels(run.pipeline).observe(_age(run))

    def ended(self, run: Run) -> None:
        """Count a run that ended, its tasks, and what its validation refused."""
        self._finished.labels(run.pipeline, run.state).inc()
        for record in run.tasks:
            if record.ended:
                name = base_name(record.name)  # one series for all clusters
                self._stage.labels(run.pipeline, name, record.state).observe(record.seconds)
            if record.name == "validate":
                self._count(self._rows, run, record, ("rows_good", "rows_quarantined"))
                self._count(self._files, run, record, ("files_good", "files_bad"))

    def uploaded(self, pipeline: str, size: int) -> None:
        """Count an upload."""
        self._uploaded.labels(pipeline).inc(size)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a response."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def exposition(self, active: Iterable[Run]) -> bytes:
        """The text that Prometheus reads; `active` are the runs that have not ended, the oldest first."""
        self._active.clear()
        self._oldest.clear()
        for pipeline in layout.RAW:
            for state in ("queued", "running"):
                self._active.labels(pipeline, state).set(0)
                self._oldest.labels(pipeline, state).set(0)
        for run in reversed(list(active)):  # the oldest last
            self._active.labels(run.pipeline, run.state).inc()
            self._oldest.labels(run.pipeline, run.state).set(_age(run))
        return generate_latest(self.registry)

    def _count(self, counter: Counter, run: Run, record: TaskRecord, names: Iterable[str]) -> None:
        for name in names:
            value = record.counts.get(name, 0)
            counter.labels(run.pipeline, name.partition("_")[2]).inc(value if isinstance(value, int) else 0)


def _age(run: Run) -> float:
    return max((datetime.now(UTC) - datetime.fromisoformat(run.created)).total_seconds(), 0.0)
