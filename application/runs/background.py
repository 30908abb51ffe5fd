"""Work that is done again and again while the service runs, in other threads than the requests."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import structlog
from anyio import CapacityLimiter, to_thread

from wafer.errors import WaferError


@asynccontextmanager
async def repeated(
    name: str, work: Callable[[], object], every: float, *, abandon: bool = False
) -> AsyncIterator[None]:
    """Do the work every so many seconds for as long as the block lasts; a failure is logged as `<name>.failed`.

    `abandon` leaves work that is running to itself at the end of the block.
    """
    task = asyncio.create_task(_repeat(name, work, every, abandon))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _repeat(name: str, work: Callable[[], object], every: float, abandon: bool) -> None:
    own = CapacityLimiter(1)  # not one of the threads that requests wait for
    while True:
        await to_thread.run_sync(_once, name, work, abandon_on_cancel=abandon, limiter=own)
        await asyncio.sleep(every)


def _once(name: str, work: Callable[[], object]) -> None:
    try:
        work()
    except WaferError as error:
        structlog.get_logger().warning(f"{name}.failed", code=error.code, message=error.message)
    except Exception:  # this is the edge of a process of its own, and it has to continue
        structlog.get_logger().exception(f"{name}.failed", code=WaferError.code)
