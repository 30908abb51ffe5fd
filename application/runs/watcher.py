"""Looks around while the service runs: settles what ended, starts what waits, finds what was started elsewhere."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from anyio import to_thread

from application.runs.service import Runs
from wafer.errors import WaferError

TICK_SECONDS = 1.0
ADOPT_SECONDS = 5.0


@asynccontextmanager
async def watching(runs: Runs, every: float = TICK_SECONDS) -> AsyncIterator[None]:
    """Look around now and then for as long as the block lasts."""
    task = asyncio.create_task(_watch(runs, every))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _watch(runs: Runs, every: float) -> None:
    adopted = -ADOPT_SECONDS
    while True:
        due = time.monotonic() - adopted >= ADOPT_SECONDS
        adopted = time.monotonic() if due else adopted
        await to_thread.run_sync(_look_around, runs, due)
        await asyncio.sleep(every)


def _look_around(runs: Runs, adopt: bool) -> None:
    try:
        if adopt:
            runs.adopt()
            runs.revisit()
        runs.tick()
    except WaferError as error:
        structlog.get_logger().warning("watcher.failed", code=error.code, message=error.message)
    except Exception:  # this is the edge of a process of its own, and it has to continue
        structlog.get_logger().exception("watcher.failed", code=WaferError.code)
