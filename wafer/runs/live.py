"""The record of a running task, kept up to date while it works."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from wafer.errors import StoreUnavailable
from wafer.progress import Progress, listening

SECONDS = 2.0  # between two records


@contextmanager
def recorded(write: Callable[[Progress], None]) -> Iterator[None]:
    """Write down how far the work of the block has come, each time that it moved on in the last two seconds.

    A thread does it: work that reports pays nothing, and a store that is slow or away does not hold it up.
    """
    latest: list[Progress] = []
    ended = threading.Event()

    def follow() -> None:
        written: Progress | None = None
        while not ended.wait(SECONDS):
            if latest and (now := latest[-1]) != written:
                with suppress(StoreUnavailable):  # the next one may come through
                    write(now)
                written = now

    def take(progress: Progress) -> None:
        latest[:] = [progress]

    thread = threading.Thread(target=follow, name="progress", daemon=True)
    thread.start()
    try:
        with listening(take):
            yield
    finally:
        ended.set()
        thread.join()
