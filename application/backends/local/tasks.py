"""Tasks of an embedded run as forks of one process that has their packages loaded (see `fork_server.py`)."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from application.backends.local.fork_server import DONE, PROGRAM, STARTED, TASK

# What the stages import, in the order in which a run comes to need it. Our own modules have a colon for the last dot:
# so they do not count as part of the application's image, which holds no stage (see `tools.images.imports`).
_FIRST = ("kfp.dsl.executor_main", "wafer:runs", "numpy")
_TABLES = ("raw_data_validation_train:stage", "data_transformation_train:stage", "db_operation_train:stage")
_SCIPY = ("scipy.sparse", "scipy.special", "scipy.stats")
_SKLEARN = ("pandas", "sklearn.utils", "sklearn.ensemble", "sklearn.cluster")
_LEARNING = ("kneed", "xgboost", "preprocessing_train:stage", "clustering:stage", "model_training:stage")
_REGISTRY = ("mlflow.tracking", "mlflow.store.tracking.sqlalchemy_store")
PRELOADED = {
    "predict": (
        *_FIRST,
        *_REGISTRY,
        "pred_pipeline:serving",
        *_TABLES,
        "pred_pipeline:stage",
        "xgboost",
    ),
    "train": (*_FIRST, *_TABLES, *_SCIPY, *_SKLEARN, *_LEARNING, *_REGISTRY, "load_prod_model:promotion"),
}


class ForkServer:
    """The server of one run; a task whose server is gone is for the caller to start in another way."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel

    def run(self, program: str, words: list[str], environment: dict[str, str]) -> bool:
        """Run a KFP component in a process of its own and say whether it ended well.

        Raises `OSError` when no process was started.
        """
        with tempfile.TemporaryDirectory(prefix="wafer-task-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            (folder / PROGRAM).write_text(program, encoding="utf-8")
            (folder / TASK).write_text(json.dumps({"words": words, "environment": environment}), encoding="utf-8")
            reading, writing = os.pipe()
            with os.fdopen(reading, "rb") as report:
                try:
                    socket.send_fds(self._channel, [os.fsencode(folder)], [writing])
                finally:
                    os.close(writing)
                said = report.read()
        if not said:
            raise ChildProcessError("it ended before the task started")
        return said == STARTED + DONE


@contextmanager
def fork_server(pipeline: str) -> Iterator[ForkServer]:
    """Start the server of a run and end it with the block, which ends no task."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        modules = [name.replace(":", ".") for name in PRELOADED[pipeline]]
        command = [sys.executable, "-m", "application.backends.local.fork_server", str(theirs.fileno()), *modules]
        process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            env={**os.environ, "_KFP_RUNTIME": "true"},
            pass_fds=(theirs.fileno(),),
        )
        theirs.close()
        try:
            yield ForkServer(ours)
        finally:
            ours.close()
            process.wait()


@contextmanager
def forked_tasks(server: ForkServer) -> Iterator[None]:
    """Let `kfp.local` run the tasks of its `SubprocessRunner` as forks of this server."""
    from kfp.local import subprocess_task_handler as handlers
    from kfp.local.status import Status

    ordinary: Any = handlers.SubprocessTaskHandler

    class ForkedTask(ordinary):  # type: ignore[misc] # kfp has no types
        """A task as a fork, or as an ordinary process where it is no lightweight component or the server is gone."""

        def run(self) -> Status:
            command: list[str] = self.full_command
            if "--executor_input" in command[4:5] and "kfp.dsl.executor_main" in command[2]:
                try:
                    ended_well = server.run(command[3], command[4:], self.env_vars)
                except OSError as error:
                    print(f"Could not be forked ({error}); the task starts by itself.", flush=True)  # noqa: T201 - the log
                else:
                    return Status.SUCCESS if ended_well else Status.FAILURE
            return super().run()

    handlers.SubprocessTaskHandler = ForkedTask
    try:
        yield
    finally:
        handlers.SubprocessTaskHandler = ordinary
