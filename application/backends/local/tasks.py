"""Tasks of an embedded run as forks of one process that has their packages loaded (see `fork_server.py`)."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from application.backends.local.fork_server import DONE, PROGRAM, STARTED, TASK


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
                message = report.read()
        if not message:
            raise ChildProcessError("it ended before the task started")
        return message == STARTED + DONE


@contextmanager
def fork_server(preload: Iterable[str]) -> Iterator[ForkServer]:
    """Start a server that imports these modules, in this order, and end it with the block, which ends no task."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        command = [sys.executable, "-m", "application.backends.local.fork_server", str(theirs.fileno()), *preload]
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
