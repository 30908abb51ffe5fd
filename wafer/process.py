"""What changes a whole process, for all code in it: made here and nowhere else, and called by entry points only."""

import atexit
import ctypes
import gc
import http.client
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, Protocol

from wafer import patience
from wafer.patience import PERSON

_MLFLOW = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",  # by itself it tells every table that it makes
}


def restrain_mlflow() -> None:
    """Let MLflow load no pickle, report to nobody and log little; it looks at that when it is imported."""
    os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
    if region := os.environ.get("AWS_REGION"):  # its own clients of S3 know only boto3's name for it
        os.environ["AWS_DEFAULT_REGION"] = region
    for name, value in _MLFLOW.items():
        os.environ.setdefault(name, value)


_HURRY = {"MLFLOW_HTTP_REQUEST_TIMEOUT": str(PERSON.read), "MLFLOW_HTTP_REQUEST_MAX_RETRIES": str(PERSON.tries - 1)}
_hurried: set[str] = set()  # names of these that were not set before


def hurry() -> None:
    """Let calls to parts that are away fail within half a minute, as a person or a probe waits for this process."""
    patience.hurry()
    _hurried.update(name for name in _HURRY if name not in os.environ)
    os.environ.update({name: _HURRY[name] for name in _hurried})


def inherited() -> dict[str, str]:
    """The environment for a process that does not hurry."""
    return {name: value for name, value in os.environ.items() if name not in _hurried}


def spare_the_collector() -> None:
    """Let the garbage collector pass over what imports make: with mlflow it takes a quarter of a small stage's time."""
    gc.set_threshold(100_000, 50, 50)
    atexit.register(gc.freeze)


class _Lines(Protocol):
    def readline(self, length: int = -1, /) -> bytes: ...


class _WholeLines:
    """The header lines of an answer, which ends with its body and not before."""

    def __init__(self, behind: _Lines) -> None:
        self._behind = behind

    def readline(self, length: int = -1, /) -> bytes:
        if line := self._behind.readline(length):
            return line
        raise http.client.RemoteDisconnected("Remote end closed connection within the headers of its answer")


_parse_headers = http.client.parse_headers


def refuse_cut_answers() -> None:
    """Let every HTTP client of this process take an answer that ends within its headers for a broken connection.

    `http.client` takes the end of the connection for the end of the headers. Where the length was to come, the answer
    then passes for a whole and empty one: a listing without objects, a registry without versions.
    """

    def parse_headers(fp: _Lines, _class: Any = http.client.HTTPMessage) -> Any:  # noqa: ANN401 - named as its own is
        return _parse_headers(_WholeLines(fp), _class)

    http.client.parse_headers = parse_headers


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for as long as the block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def take_environment(values: Mapping[str, str]) -> None:
    """Take on environment variables for good, as the process of one task."""
    os.environ.update(values)


def become(command: list[str], values: Mapping[str, str]) -> NoReturn:
    """Be another program from here on, with these environment variables besides: signals then reach it alone."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(command[0], command, {**inherited(), **values})  # noqa: S606


class Interrupted(BaseException):
    """The process was told to end by a signal: Ctrl-C, `kill`, or the terminal that was closed."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise `Interrupted` in the block for the first signal to end; a second one ends the process at once.

    A signal that is ignored, as SIGHUP is under `nohup`, stays ignored.
    """
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    heard = [number for number in numbers if before[number] is not signal.SIG_IGN]

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
        for each in heard:
            signal.signal(each, signal.SIG_DFL)
        raise Interrupted(number)

    try:
        for number in heard:
            signal.signal(number, interrupt)
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])


def cores() -> int:
    """Cores that this process may use; those of the machine where the system does not say."""
    allowed = getattr(os, "sched_getaffinity", None)  # not on macOS
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def give_back_memory() -> None:
    """Let the operating system have what was freed: the C library keeps it for each thread.

    After the fits on 20,000 wafers it kept 150 MiB. A C library without `malloc_trim` is not asked.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def when_it_ends(call: Callable[[], None]) -> None:
    """Let this process make a call as it ends, before it waits for processes that it has started."""
    atexit.register(call)


def name_process(name: str) -> None:
    """Let `ps` and `top` show a name, where the system takes one."""
    with suppress(OSError):  # not on Linux, or nothing may be written below /proc
        Path("/proc/self/comm").write_text(name, encoding="utf-8")


def end_group(leader: int) -> NoReturn:
    """End this process at once, and with it the group that a process led, if it is this one's."""
    if os.getpgrp() == leader:
        os.killpg(leader, signal.SIGKILL)
    os._exit(1)


def end_at_once(code: int) -> NoReturn:
    """End without tearing down what was imported, which takes half a second."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)
