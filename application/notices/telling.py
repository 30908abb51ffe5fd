"""Looks for news and tells them while the service runs, beside everything else: a receiver that hangs delays nobody."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from anyio import CapacityLimiter, to_thread

from application.notices.notices import Notices
from wafer.errors import WaferError

EVERY_SECONDS = 5.0


@asynccontextmanager
async def telling(notices: Notices | None, every: float = EVERY_SECONDS) -> AsyncIterator[None]:
    """Tell the news now and then for as long as the block lasts; nothing without notices."""
    if not notices:
        yield
        return
    task = asyncio.create_task(_tell(notices, every))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _tell(notices: Notices, every: float) -> None:
    own = CapacityLimiter(1)  # not one of the threads that requests wait for
    while True:
        await to_thread.run_sync(_once, notices, abandon_on_cancel=True, limiter=own)
        await asyncio.sleep(every)


def _once(notices: Notices) -> None:
    try:
        notices.look()
        notices.outbox.deliver()
    except WaferError as error:
        structlog.get_logger().warning("notices.failed", code=error.code, message=error.message)
    except Exception:  # the edge of a process of its own, as in `watcher`
        structlog.get_logger().exception("notices.failed", code=WaferError.code)
