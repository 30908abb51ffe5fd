"""Units in processes of this machine: the standard library's fork server, a fork for every unit.

A process for each unit gives its memory back, and when it is killed there is no doubt which unit it was.
"""

import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Self, TypeVar

from wafer.engine.protocol import Unit, killers

U = TypeVar("U", bound=Unit)
R = TypeVar("R")
TRIES = 3
_CONTEXT = get_context("forkserver")


class _Killed(Exception):
    """The process ended without an answer, every time."""


class Processes:
    """`Engine` with so many processes at once."""

    def __init__(self, workers: int) -> None:
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="units")

    def run(self, work: Callable[[U], R], units: Sequence[U]) -> Iterator[R]:
        """Yield what `work` returns for each unit, in the order of the units."""
        _CONTEXT.set_forkserver_preload([__name__, work.__module__])  # no matter once the server runs
        waiting = [self._threads.submit(_in_a_process, work, unit) for unit in units]
        try:
            yield from _answers(units, waiting)
        finally:
            for future in waiting:
                future.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(cancel_futures=True)


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


def _in_a_process(work: Callable[[U], R], unit: U) -> R:
    for _ in range(TRIES):
        reading, writing = _CONTEXT.Pipe(duplex=False)
        process = _CONTEXT.Process(target=_do, args=(writing, work, unit), daemon=True)
        with reading:
            with writing:
                process.start()
            try:
                said = reading.recv_bytes()
            except EOFError:
                continue
            finally:
                process.join()
        answer: R = _given(said)
        return answer
    raise _Killed


def _given(said: bytes) -> Any:  # noqa: ANN401 - whatever the work returned
    done, value = pickle.loads(said)  # noqa: S301 - from a process of our own
    if done:
        return value
    raise value


def _do(answer: Connection, work: Callable[[U], R], unit: U) -> None:
    try:
        said = pickle.dumps((True, work(unit)))
    except Exception as error:
        said = pickle.dumps((False, error))
    answer.send_bytes(said)
