"""Runs on this machine: one worker process a run, which executes the compiled package through `kfp.local`.

A worker holds a lock on its run's folder for as long as it lives, taken before it is started. So whether a run is
active can be asked by any process at any time, a reused process id deceives nobody, and no run has two workers.
"""

import fcntl
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

from application.backends.local.attendance import ATTENDED, STOPPED, is_attended
from application.backends.local.locks import is_held
from application.runs.log import LogLine, log_lines
from application.runs.run import Run, moment_of
from pipelines.passed import ENGINE_TLS, FILES, OWN_FILES
from wafer.errors import DiskUnavailable, RunNotFound, RunNotRetryable, StageFailed
from wafer.files import write_file
from wafer.paths import resolved
from wafer.process import inherited
from wafer.runs import RunError, TaskRecord, judge, task_records
from wafer.settings import USER, Settings
from wafer.store import layout, open_store
from wafer.store.disk import is_full

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


def read_run(settings: Settings, run_id: str) -> Run:
    """The run as its worker was asked for it. Raises `RunNotFound`."""
    try:
        return Run.from_json((run_folder(settings, run_id) / REQUEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RunNotFound(
            f"There is no run {run_id} below {settings.runs_dir}; `wafer runs` lists the runs."
        ) from error


def earlier_runs(settings: Settings) -> Iterator[Run]:
    """The runs that were started before the command line knew of the ledger; how they ended is found by a look."""
    for path in settings.runs_dir.glob(f"*/{REQUEST}"):
        run = read_run(settings, path.parent.name)
        who = run.requested_by or "command line"
        yield replace(
            run, requested_by=who, backend="embedded", state="running", native_id=run.run_id, started=run.created
        )


def start(settings: Settings, run: Run, command: Sequence[str] = WORKER) -> subprocess.Popen[bytes]:
    """Write the run down, then start its worker in a process group of its own.

    Raises `RunNotRetryable` when the run has a worker already.
    """
    folder = run_folder(settings, run.run_id)
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder, run.run_id) as lock, (folder / LOG).open("ab") as log:
        write_file(folder / REQUEST, run.to_json().encode())
        (folder / STOPPED).unlink(missing_ok=True)
        process = subprocess.Popen(  # noqa: S603 - our own module
            [*command, run.run_id, run.pipeline, run.runner, *([ATTENDED] if is_attended(folder) else [])],
            cwd=folder,
            env=_worker_environment(settings, run),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(lock.fileno(),),  # the worker keeps the lock; what the worker starts does not get it
        )
        (folder / PID).write_text(str(process.pid), encoding="utf-8")
    return process


@contextmanager
def _locked(folder: Path, run_id: str) -> Iterator[IO[bytes]]:
    with (folder / LOCK).open("ab") as lock:
        for _ in range(50):
            with suppress(BlockingIOError):  # somebody who only asks whether the run is active holds it for a moment
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            time.sleep(0.01)
        else:
            raise RunNotRetryable(f"Run {run_id} is still running; wait for it or cancel it first.")
        yield lock


def retry(settings: Settings, run_id: str, command: Sequence[str] = WORKER) -> subprocess.Popen[bytes]:
    """Run a failed run again under its own id; its finished tasks are kept. Raises `RunNotRetryable`."""
    run = read_run(settings, run_id)
    store = open_store(settings.store_uri)
    if judge(store, run_id, run.pipeline).state == "succeeded":
        raise RunNotRetryable(f"Run {run_id} succeeded; there is nothing to retry. Start a new run instead.")
    if is_alive(settings, run_id):
        raise RunNotRetryable(f"Run {run_id} is still running; wait for it or cancel it first.")
    end_leftovers(run_id)
    for task in task_records(store, run_id):
        if task.state != "succeeded":
            store.delete(layout.stage_record(run_id, task.name))
    return start(settings, run, command)


def is_alive(settings: Settings, run_id: str) -> bool:
    """Whether the run's worker process still exists."""
    return is_held(run_folder(settings, run_id) / LOCK)


def was_started(settings: Settings, run_id: str) -> bool:
    """Whether the run ever had a worker."""
    return (run_folder(settings, run_id) / PID).exists()


def look(settings: Settings, run: Run) -> Run:
    """The run with its tasks, ended when its worker is gone. `RunNotFound` when this machine never started it."""
    read_run(settings, run.run_id)
    store = open_store(settings.store_uri)
    if is_alive(settings, run.run_id):
        return replace(run, tasks=task_records(store, run.run_id))
    end_leftovers(run.run_id)
    tasks = task_records(store, run.run_id)
    cut = next((each for each in tasks if each.state == "running"), None)
    log = run_folder(settings, run.run_id) / LOG
    outcome = judge(store, run.run_id, run.pipeline)
    last_line = moment_of(log.stat().st_mtime) if cut and log.exists() else ""  # the last sign of life
    return run.ended(outcome, tasks, _cut_off(run, cut, log), last_line)


def read_log(settings: Settings, run_id: str) -> list[LogLine]:
    """The log of a run; nothing of one that has not begun. `RunNotFound` when this machine never started it."""
    read_run(settings, run_id)
    path = run_folder(settings, run_id) / LOG
    if not path.exists():
        return []
    with path.open(encoding="utf-8", errors="replace") as lines:
        return list(log_lines(lines))


def _cut_off(run: Run, cut: TaskRecord | None, log: Path) -> RunError:
    """The error of a run whose worker is gone and left none."""
    where = f"in stage {cut.name}" if cut else "before its next stage began"
    again = f"Run `wafer runs retry {run.run_id}` to continue after its finished stages."
    stage = cut.name if cut else None
    if is_full(log.parent):
        full = f"The run ended {where}: the disk of {log.parent} is full. Make room. {again}"
        return RunError(DiskUnavailable.code, full, stage, DiskUnavailable.retry_helps)
    if why := f"{run.cancelled_by} cancelled it." if run.cancelled_by else _text(log.with_name(STOPPED)):
        return RunError(StageFailed.code, f"The run ended {where}. {why} {again}", stage, retry_helps=True)
    return RunError(
        StageFailed.code,
        f"The run ended {where} without an error of its own: it was stopped, or ran out of memory. {again} "
        f"The log is {log}; its last line is: {_last_line(log)}",
        stage,
        retry_helps=True,
    )


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
        if not hasattr(os, "pidfd_open"):  # not Linux
            os.kill(pid, signal.SIGKILL)
            return
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


def _worker_environment(settings: Settings, run: Run) -> dict[str, str]:
    venv = str(Path(sys.executable).parent)
    return {
        **{name: value for name, value in inherited().items() if name != "PYTHONDONTWRITEBYTECODE"},
        **{name: str(resolved(path)) for name in (*FILES, *OWN_FILES, ENGINE_TLS) if (path := os.environ.get(name))},
        "PATH": f"{venv}{os.pathsep}{os.environ.get('PATH', '')}",
        "WAFER_HOME": str(settings.home),
        "WAFER_STORE": settings.store_uri,
        "MONGODB_URI": settings.mongodb_uri,
        "MLFLOW_TRACKING_URI": settings.mlflow_tracking_uri,  # mlflow sets it in a process that used another registry
        "PYTHONUNBUFFERED": "1",
        USER: run.requested_by,
        MARK: run.run_id,
    }


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _last_line(log: Path) -> str:
    lines = _text(log).split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "(empty)")
