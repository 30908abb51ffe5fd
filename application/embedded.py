"""Runs on this machine: one worker process a run, which executes the compiled package through `kfp.local`."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wafer.errors import RunNotFound, RunNotRetryable
from wafer.runs import Outcome, Pipeline, StageError, StageRecord, State, judge, stage_records
from wafer.settings import Settings
from wafer.storage import open_store

REQUEST, LOG, PID = "run.json", "log.txt", "pid"
POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for: which pipeline over which source, with which parameters."""

    run_id: str
    pipeline: Pipeline
    source: str
    created: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def arguments(self) -> dict[str, Any]:
        """The pipeline's parameters."""
        return {"source": self.source, "run_id": self.run_id, **self.parameters}


def new_request(pipeline: Pipeline, source: str, parameters: Mapping[str, Any]) -> Request:
    """A request with a fresh run id; a local source becomes an absolute path."""
    now = datetime.now(UTC)
    run_id = f"{pipeline}-{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    where = source if "://" in source else str(Path(source).absolute())
    return Request(run_id, pipeline, where, now.isoformat(timespec="seconds"), dict(parameters))


def run_folder(settings: Settings, run_id: str) -> Path:
    """Where an embedded run keeps its request, log and artifacts. Raises `RunNotFound` for a name that is no run's."""
    folder = settings.runs_dir / run_id
    if Path(run_id).name != run_id or not run_id:
        raise RunNotFound(f"{run_id!r} is not a run id; `wafer runs` lists the runs.")
    return folder


def read_request(settings: Settings, run_id: str) -> Request:
    """The request behind a run. Raises `RunNotFound`."""
    try:
        return Request(**json.loads((run_folder(settings, run_id) / REQUEST).read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise RunNotFound(
            f"There is no run {run_id} below {settings.runs_dir}; `wafer runs` lists the runs."
        ) from error


def all_requests(settings: Settings) -> list[Request]:
    """Every embedded run, newest first."""
    found = [read_request(settings, path.parent.name) for path in settings.runs_dir.glob(f"*/{REQUEST}")]
    return sorted(found, key=lambda request: (request.created, request.run_id), reverse=True)


def start(settings: Settings, request: Request) -> "Worker":
    """Write the request down, then start its worker in a process group of its own."""
    folder = run_folder(settings, request.run_id)
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"{REQUEST}.new"
    temporary.write_text(json.dumps(asdict(request)), encoding="utf-8")
    temporary.replace(folder / REQUEST)
    with (folder / LOG).open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "application.worker", request.run_id],
            cwd=folder,
            env=_worker_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    (folder / PID).write_text(str(process.pid), encoding="utf-8")
    return Worker(settings, request, process)


def retry(settings: Settings, run_id: str) -> "Worker":
    """Run a failed run again under its own id; its finished stages are kept. Raises `RunNotRetryable`."""
    request = read_request(settings, run_id)
    store = open_store(settings.store_uri)
    if judge(store, run_id, request.pipeline).state == "succeeded":
        raise RunNotRetryable(f"Run {run_id} succeeded; there is nothing to retry. Start a new run instead.")
    if is_alive(settings, run_id):
        raise RunNotRetryable(f"Run {run_id} is still running; wait for it or cancel it first.")
    for record in stage_records(store, run_id):
        if record.state != "succeeded":
            store.delete(f"kfp/{run_id}/stages/{record.stage}.json")
    return start(settings, request)


def is_alive(settings: Settings, run_id: str) -> bool:
    """Whether the run's worker process still exists (and is a worker of this run, not a reused process id)."""
    try:
        pid = int((run_folder(settings, run_id) / PID).read_text(encoding="utf-8"))
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return False
    return run_id.encode() in command.split(b"\0")


def state(settings: Settings, request: Request) -> State:
    """Whether the run goes on, succeeded or failed."""
    if is_alive(settings, request.run_id):
        return "running"
    return judge(open_store(settings.store_uri), request.run_id, request.pipeline).state


def _worker_environment(settings: Settings) -> dict[str, str]:
    venv = str(Path(sys.executable).parent)
    return {
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "PATH": f"{venv}{os.pathsep}{os.environ.get('PATH', '')}",
        "WAFER_HOME": str(settings.home.absolute()),
        "WAFER_STORE": settings.store_uri,
        "PYTHONUNBUFFERED": "1",
    }


@dataclass(frozen=True, slots=True)
class Worker:
    """A started run."""

    settings: Settings
    request: Request
    process: subprocess.Popen[bytes]

    def follow(self, on_progress: Callable[[list[StageRecord]], None]) -> Outcome:
        """Report the stages' records until the worker ends; how the run ended. Ctrl-C ends the worker too."""
        store = open_store(self.settings.store_uri)
        try:
            while self.process.poll() is None:
                on_progress(stage_records(store, self.request.run_id))
                time.sleep(POLL_SECONDS)
        except KeyboardInterrupt:
            self.stop()
            raise
        on_progress(stage_records(store, self.request.run_id))
        return ended(self.settings, self.request)

    def stop(self) -> None:
        """End the worker and every stage process it started."""
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()


def ended(settings: Settings, request: Request) -> Outcome:
    """The outcome of a run whose worker is gone; a stage that left no error of its own was killed."""
    store = open_store(settings.store_uri)
    outcome = judge(store, request.run_id, request.pipeline)
    if outcome.state == "succeeded" or outcome.error:
        return outcome
    cut = next((each for each in stage_records(store, request.run_id) if each.state == "running"), None)
    log = run_folder(settings, request.run_id) / LOG
    where = f"in stage {cut.stage}" if cut else "before its next stage began"
    error = StageError(
        "STAGE_FAILED",
        f"The run ended {where} without an error of its own: it was stopped, or ran out of memory. "
        f"Run `wafer runs retry {request.run_id}` to go on from its finished stages. "
        f"The log is {log}; its last line is: {_last_line(log)}",
        retry_helps=True,
    )
    return Outcome(
        outcome.run_id, outcome.pipeline, "failed", outcome.finished, None, cut.stage if cut else None, error
    )


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n") if log.exists() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "(empty)")
