"""How far a long piece of work has come: told by the code that does it, shown by whoever runs it.

Code that works calls `report` or goes through `reported`, as often as it likes, and knows nothing of runs. Without a
listener nothing happens.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar

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


def report(done: int, of: int, what: str) -> None:
    """Tell how far the work of this process has come: `report(3, 9, "fits")`. Costs nothing to speak of."""
    for listener in _listeners[-1:]:
        listener(Progress(done, of, what))


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


def report_each(futures: Sequence[Future[Any]], what: str) -> None:
    """Report every future as done when it is, in whatever order."""
    done = count(1)
    for future in futures:
        future.add_done_callback(lambda _: report(next(done), len(futures), what))


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Give every report to a listener for as long as the block."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
