"""Tasks of an embedded run as forks of one process that has their packages loaded (see `fork_server.py`)."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

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

    def run(self, source: str, arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
        """Run a KFP component in a process of its own and say whether it ended well.

        Raises `OSError` when no process was started.
        """
        with tempfile.TemporaryDirectory(prefix="wafer-task-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            (folder / PROGRAM).write_text(source, encoding="utf-8")
            (folder / TASK).write_text(
                json.dumps({"arguments": list(arguments), "environment": dict(environment)}), encoding="utf-8"
            )
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
