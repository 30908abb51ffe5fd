"""Decides now and then while the service runs, whatever the number of services."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from anyio import to_thread

from application.retraining.retraining import Retraining
from wafer.errors import WaferError

LOOK_SECONDS = 30.0  # between two looks whether a new period has begun


@asynccontextmanager
async def deciding(retraining: Retraining, hours: float) -> AsyncIterator[None]:
    """Decide every so many hours for as long as the block lasts; never for 0."""
    if not hours:
        yield
        return
    task = asyncio.create_task(_decide(retraining, hours * 3600))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _decide(retraining: Retraining, seconds: float) -> None:
    while True:
        await to_thread.run_sync(_once, retraining, seconds)
        await asyncio.sleep(min(seconds, LOOK_SECONDS))


def _once(retraining: Retraining, seconds: float) -> None:
    try:
        retraining.decide_in_turn(seconds)
    except WaferError as error:
        structlog.get_logger().warning("retraining.failed", code=error.code, message=error.message)
    except Exception:  # the edge of a process of its own, as in `watcher`
        structlog.get_logger().exception("retraining.failed", code=WaferError.code)
