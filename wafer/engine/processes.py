"""Units in processes of this machine, forks of the standard library's fork server.

Each process does one unit after the other for a thread that waits for it, so when one is killed there is no doubt which
unit it was.
"""

import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Concatenate, Self, TypeVar

import structlog

from wafer.engine.given import Given
from wafer.engine.protocol import TOLD_SECONDS, Unit, killers, module_of
from wafer.progress import advance, advancing, seldom

U = TypeVar("U", bound=Unit)
R = TypeVar("R")
TRIES = 3
STEPS, ANSWER, ERROR = "steps", "answer", "error"  # what a process tells
_CONTEXT = get_context("forkserver")


class _Killed(Exception):
    """The process ended without an answer."""


class Processes:
    """`Engine` with so many processes at once."""

    shares_files = True

    def __init__(self, workers: int) -> None:
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="units")
        self._idle: list[_Worker] = []

    def give(self, paths: Sequence[Path]) -> list[Given]:
        """The files in place."""
        return [Given(str(path)) for path in paths]

    def run(self, work: Callable[Concatenate[U, ...], R], units: Sequence[U], *folders: Path) -> Iterator[R]:
        """Yield what `work` returns for each unit, in the order of the units; it writes into the folders themselves."""
        _CONTEXT.set_forkserver_preload([__name__, module_of(work)])  # no matter once the server runs
        waiting = [self._threads.submit(self._done, work, (unit, *folders)) for unit in units]
        try:
            yield from _answers(units, waiting)
            structlog.get_logger().info("units", of=len(units), processes=len(self._idle))
        finally:
            for future in waiting:
                future.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(cancel_futures=True)
        for worker in self._idle:
            worker.end()

    def _done(self, work: Callable[..., R], arguments: tuple[object, ...]) -> R:
        for _ in range(TRIES):
            worker = self._idle.pop() if self._idle else _Worker()
            try:
                answer: R = worker.do(work, arguments)
            except _Killed:
                worker.end()
                continue
            except BaseException:
                self._idle.append(worker)
                raise
            self._idle.append(worker)
            return answer
        raise _Killed


class _Worker:
    """A process that does one unit after the other."""

    def __init__(self) -> None:
        self._pipe, other = _CONTEXT.Pipe()
        with other:
            self._process = _CONTEXT.Process(target=_serve, args=(other,), daemon=True)
            self._process.start()

    def do(self, work: Callable[..., R], arguments: tuple[object, ...]) -> Any:  # noqa: ANN401 - whatever the work returns
        """Return the work's answer or raise its error; `_Killed` when the process ends instead."""
        try:
            self._pipe.send_bytes(pickle.dumps((work, arguments)))
            while (answer := self._received()) and answer[0] == STEPS:
                advance(answer[1])
        except (EOFError, ConnectionError) as error:
            raise _Killed from error
        kind, value = answer
        if kind == ERROR:
            raise value
        return value

    def _received(self) -> tuple[str, Any]:
        told: tuple[str, Any] = pickle.loads(self._pipe.recv_bytes())  # noqa: S301  # nosec B301 - a process of our own
        return told

    def end(self) -> None:
        """Let the process end."""
        self._pipe.close()
        self._process.join()


def _answers(units: Sequence[U], waiting: Sequence[Future[R]]) -> Iterator[R]:
    killed = []
    for unit, future in zip(units, waiting, strict=True):
        try:
            answer = future.result()
        except _Killed:
            killed.append(unit.name)
        else:
            if not killed:  # nobody waits for answers after a gap
                yield answer
    if killed:
        raise killers(killed)


def _serve(pipe: Connection) -> None:
    with advancing(seldom(partial(_tell, pipe, STEPS), TOLD_SECONDS)):
        while True:
            try:
                asked = pipe.recv_bytes()
            except EOFError:
                return
            work, arguments = pickle.loads(asked)  # noqa: S301  # nosec B301 - from the process that started it
            try:
                answer = pickle.dumps((ANSWER, work(*arguments)))
            except Exception as error:
                answer = pickle.dumps((ERROR, error))
            pipe.send_bytes(answer)


def _tell(pipe: Connection, kind: str, value: object) -> None:
    pipe.send_bytes(pickle.dumps((kind, value)))
