"""A server that runs in the background on a port of 127.0.0.1 for as long as it is needed."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers import keeper

READY_SECONDS = 120.0
PAUSE_SECONDS = 0.05
ATTEMPTS = 3  # another program may take a free port before the server does
KEEPER = [sys.executable, "-I", "-S", keeper.__file__]


class NotReady(Exception):
    """A server ended, or did not answer in time; with the end of its log."""


@dataclass(slots=True)
class Server:
    """One server, stopped at the end of a `with`; `stop` and `start` may be repeated: port and data stay the same."""

    command: list[str]
    url: str
    port: int
    log: Path
    is_ready: Callable[[str], bool]  # asked with the url
    environment: Mapping[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the program and wait until it answers; `NotReady` if it ends or does not answer in time."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*KEEPER, *self.command],
                cwd=self.log.parent,
                env=os.environ | dict(self.environment),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us, who then stop it
            )
        try:
            self._wait(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the program and its children."""
        if self._process is None:
            return
        process, self._process = self._process, None
        with suppress(BrokenPipeError):  # it has ended by itself
            process.communicate(b"\n", keeper.POLITE_SECONDS + 10)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self.is_ready(self.url):
            if time.monotonic() > deadline:
                raise NotReady(f"{self.url} did not answer within {READY_SECONDS:.0f} s:\n{self._log_end()}")
            try:
                code = process.wait(PAUSE_SECONDS)
            except subprocess.TimeoutExpired:
                continue
            raise NotReady(f"{self.command[0]} ended with {code}:\n{self._log_end()}")

    def _log_end(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]


def start_on_free_port(make: Callable[[int], Server]) -> Server:
    """Start the server that `make` describes for a port, on a port that is free."""
    for _ in range(ATTEMPTS - 1):
        server = make(free_port())
        try:
            server.start()
        except NotReady:
            continue
        return server
    server = make(free_port())
    server.start()
    return server


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
