"""Looks around while the service runs: settles what ended, starts what waits, finds what was started elsewhere."""

import time
from contextlib import AbstractAsyncContextManager

from application.runs.background import repeated
from application.runs.service import Runs

TICK_SECONDS = 1.0
ADOPT_SECONDS = 5.0


def watching(runs: Runs, every: float = TICK_SECONDS) -> AbstractAsyncContextManager[None]:
    """Look around now and then for as long as the block lasts."""
    adopted = -ADOPT_SECONDS

    def look_around() -> None:
        nonlocal adopted
        if time.monotonic() - adopted >= ADOPT_SECONDS:
            adopted = time.monotonic()
            runs.adopt()
            runs.revisit()
        runs.tick()

    return repeated("watcher", look_around, every)
