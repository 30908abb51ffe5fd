"""Doing the next few things while the first is waited for."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def ahead(pool: Executor, work: Callable[[T], R], items: Iterable[T], most: int) -> Iterator[R]:
    """Yield what `work` returns for each item, in their order, while at most so many further ones are being worked on.

    `Executor.map` takes all items first, which would wait here for the last one.
    """
    waiting: deque[Future[R]] = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        while waiting and (waiting[0].done() or len(waiting) > most):
            yield waiting.popleft().result()
    for future in waiting:
        yield future.result()
