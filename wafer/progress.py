"""How far a long piece of work has come: told by the code that does it, shown by whoever runs it.

Code that works calls `report` or goes through `reported`, as often as it likes, and knows nothing of runs. Without a
listener nothing happens.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

_Item = TypeVar("_Item")
_Table = TypeVar("_Table", bound=Sized)


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `of` pieces of work are done; `what` they are, in the plural."""

    done: int
    of: int
    what: str

    def __str__(self) -> str:
        return f"{self.done:,} of {self.of:,} {self.what}"


Listener = Callable[[Progress], None]
_listeners: list[Listener] = []  # no context variable: a pool's threads would not see it
_counters: list[Callable[[int], None]] = []


def report(done: int, of: int, what: str) -> None:
    """Tell how far the work of this process has come: `report(3, 9, "fits")`. Costs nothing to speak of."""
    for listener in _listeners[-1:]:
        listener(Progress(done, of, what))


def advance(steps: int = 1) -> None:
    """Tell that units of work, which know nothing of each other, have come so many steps further together."""
    for counter in _counters[-1:]:
        counter(steps)


@contextmanager
def counted(of: int, what: str) -> Iterator[Callable[[int], None]]:
    """Add up the steps of the block and report where they have come to: `counted(4400, "steps of the fits")`.

    Yields what tells that at least so many steps are done: those of units that an earlier attempt did come at once.
    """
    done, lock = 0, threading.Lock()

    def move(steps: int, least: int) -> None:
        nonlocal done
        with lock:
            done = min(max(done + steps, least), of)
            report(done, of, what)

    with advancing(lambda steps: move(steps, 0)):
        yield lambda least: move(0, least)


def seldom(counter: Callable[[int], None], seconds: float) -> Callable[[int], None]:
    """Gather steps and give them to a counter, no more often than that."""
    gathered, last = 0, time.monotonic()

    def add(steps: int) -> None:
        nonlocal gathered, last
        gathered += steps
        if (now := time.monotonic()) - last >= seconds:
            counter(gathered)
            gathered, last = 0, now

    return add


@contextmanager
def advancing(counter: Callable[[int], None]) -> Iterator[None]:
    """Give every step to a counter for as long as the block."""
    _counters.append(counter)
    try:
        yield
    finally:
        _counters.remove(counter)


def reported(pieces: Iterable[_Item], of: int, what: str) -> Iterator[_Item]:
    """Yield what there is, and report each piece as done when the next one is asked for."""
    for done, piece in enumerate(pieces, start=1):
        yield piece
        report(done, of, what)


def reported_rows(tables: Iterable[_Table], of: int, what: str) -> Iterator[_Table]:
    """The same for tables, of whose rows there are so many in all."""
    done = 0
    for table in tables:
        yield table
        report(done := done + len(table), of, what)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Give every report to a listener for as long as the block."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
