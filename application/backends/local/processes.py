"""Runs on this machine: one worker process a run, which executes the compiled package through `kfp.local`.

A worker holds a lock on its run's folder for as long as it lives, taken before it is started. So whether a run goes on
can be asked by any process at any time, a reused process id deceives nobody, and no run has two workers.
"""

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from application.runs.request import Request as Request
from application.runs.request import new_request as new_request
from wafer.errors import RunNotFound, RunNotRetryable
from wafer.runs import Outcome, StageError, StageRecord, State, judge, stage_records
from wafer.settings import Settings
from wafer.store import layout, open_store

REQUEST, LOG, PID, LOCK = "run.json", "log.txt", "pid", "lock"
POLL_SECONDS = 0.1
STOP_SECONDS = 10.0
WORKER = (sys.executable, "-m", "application.backends.local.worker")
MARK = "WAFER_RUN_ID"  # in the environment of the worker and of everything it starts


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


def start(settings: Settings, request: Request, command: Sequence[str] = WORKER) -> "Worker":
    """Write the request down, then start its worker in a process group of its own.

    Raises `RunNotRetryable` when the run has a worker already.
    """
    folder = run_folder(settings, request.run_id)
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder, request.run_id) as lock, (folder / LOG).open("ab") as log:
        temporary = folder / f"{REQUEST}.new"
        temporary.write_text(json.dumps(asdict(request)), encoding="utf-8")
        temporary.replace(folder / REQUEST)
        process = subprocess.Popen(  # noqa: S603 - our own module
            [*command, request.run_id, request.pipeline, request.runner],
            cwd=folder,
            env=_worker_environment(settings, request.run_id),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(lock.fileno(),),  # the worker keeps the lock; what the worker starts does not get it
        )
        (folder / PID).write_text(str(process.pid), encoding="utf-8")
    return Worker(settings, request, process)


@contextmanager
def _locked(folder: Path, run_id: str) -> Iterator[IO[bytes]]:
    with (folder / LOCK).open("ab") as lock:
        for _ in range(50):
            with suppress(BlockingIOError):  # somebody who only asks whether the run goes on holds it for a moment
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            time.sleep(0.01)
        else:
            raise RunNotRetryable(f"Run {run_id} is still running; wait for it or cancel it first.")
        yield lock


def retry(settings: Settings, run_id: str, command: Sequence[str] = WORKER) -> "Worker":
    """Run a failed run again under its own id; its finished stages are kept. Raises `RunNotRetryable`."""
    request = read_request(settings, run_id)
    store = open_store(settings.store_uri)
    if judge(store, run_id, request.pipeline).state == "succeeded":
        raise RunNotRetryable(f"Run {run_id} succeeded; there is nothing to retry. Start a new run instead.")
    if is_alive(settings, run_id):
        raise RunNotRetryable(f"Run {run_id} is still running; wait for it or cancel it first.")
    end_leftovers(run_id)
    for record in stage_records(store, run_id):
        if record.state != "succeeded":
            store.delete(layout.stage_record(run_id, record.stage))
    return start(settings, request, command)


def is_alive(settings: Settings, run_id: str) -> bool:
    """Whether the run's worker process still exists."""
    try:
        with (run_folder(settings, run_id) / LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def was_started(settings: Settings, run_id: str) -> bool:
    """Whether the run ever had a worker."""
    return (run_folder(settings, run_id) / PID).exists()


def state(settings: Settings, request: Request) -> State:
    """Whether the run goes on, succeeded or failed."""
    if is_alive(settings, request.run_id):
        return "running"
    return judge(open_store(settings.store_uri), request.run_id, request.pipeline).state


def stop(settings: Settings, run_id: str) -> None:
    """End a run's worker and every stage process it started; one that has ended already is no error."""
    deadline = time.monotonic() + STOP_SECONDS
    if is_alive(settings, run_id):
        with suppress(ProcessLookupError, FileNotFoundError, ValueError):  # gone, or not written down yet
            os.killpg(int((run_folder(settings, run_id) / PID).read_text(encoding="utf-8")), signal.SIGTERM)
    while is_alive(settings, run_id) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS / 5)
    end_leftovers(run_id)


def end_leftovers(run_id: str) -> None:
    """Kill the stage processes that outlived their worker, so that none of them writes after the run was judged."""
    deadline = time.monotonic() + STOP_SECONDS
    while (found := _processes(run_id)) and time.monotonic() < deadline:  # one of them may just have started another
        for pid in found:
            _kill(pid)


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        descriptor = os.pidfd_open(pid)
        try:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            select.select([descriptor], [], [], STOP_SECONDS)
        finally:
            os.close(descriptor)


def _processes(run_id: str) -> list[int]:
    """Processes that carry the run's mark, which no reused process id does."""
    mark = f"{MARK}={run_id}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # gone since, or somebody else's
            if mark in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return [pid for pid in found if pid != os.getpid()]


def _worker_environment(settings: Settings, run_id: str) -> dict[str, str]:
    venv = str(Path(sys.executable).parent)
    return {
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "PATH": f"{venv}{os.pathsep}{os.environ.get('PATH', '')}",
        "WAFER_HOME": str(settings.home.absolute()),
        "WAFER_STORE": settings.store_uri,
        "MONGODB_URI": settings.mongodb_uri,
        "MLFLOW_TRACKING_URI": settings.mlflow_tracking_uri,  # mlflow sets it in a process that used another registry
        "PYTHONUNBUFFERED": "1",
        MARK: run_id,
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
