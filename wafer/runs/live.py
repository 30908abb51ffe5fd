"""The record of a running task, kept up to date while it works."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from wafer.errors import StoreUnavailable
from wafer.progress import Progress, listening

SECONDS = 2.0  # between two records of work that moves on
SILENT = 4.0  # after so many without one there is a record all the same: at least every 5 seconds


@contextmanager
def recorded(write: Callable[[Progress | None], None]) -> Iterator[None]:
    """Write down how far the work of the block has come, each time that it moved on in the last two seconds.

    Work that reports nothing for some seconds, as one long step or the upload of a large file, gets a record too: it
    says that the task is alive.

    A thread does it: work that reports pays nothing, and a store that is slow or away does not hold it up.
    """
    latest: list[Progress] = []
    ended = threading.Event()

    def follow() -> None:
        written, last = None, time.monotonic()
        while not ended.wait(SECONDS):
            now = latest[-1] if latest else None
            if now != written or time.monotonic() - last >= SILENT:
                with suppress(StoreUnavailable):  # the next one may come through
                    write(now)
                written, last = now, time.monotonic()

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
