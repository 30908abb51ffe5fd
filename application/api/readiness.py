"""Whether the parts answer, asked in threads of their own: the answer never waits for requests that wait for a part."""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from threading import Thread

import structlog

from wafer.errors import WaferError

FRESH_SECONDS = 2.0  # between two questions to a part, however many requests come
WAIT_SECONDS = 2.5  # for an answer; a part that takes longer does not answer


class Checks:
    """Asks each part at most one question at a time."""

    def __init__(self, asks: Mapping[str, Callable[[], object]], wait: float = WAIT_SECONDS) -> None:
        self._asks = asks
        self._wait = wait
        self._asked: dict[str, tuple[float, Future[bool]]] = {}

    async def answers(self) -> dict[str, bool]:
        """Part -> whether it answers."""
        asked = {name: self._ask(name) for name in self._asks}
        await asyncio.wait(map(asyncio.wrap_future, asked.values()), timeout=self._wait)
        return {name: future.done() and future.result() for name, future in asked.items()}

    def _ask(self, name: str) -> Future[bool]:
        when, future = self._asked.get(name, (0.0, None))
        if future and (not future.done() or time.monotonic() - when < FRESH_SECONDS):
            return future
        fresh = Future[bool]()
        self._asked[name] = time.monotonic(), fresh
        Thread(target=_answer, args=(name, self._asks[name], fresh), name=f"check-{name}", daemon=True).start()
        return fresh


def _answer(name: str, ask: Callable[[], object], answer: Future[bool]) -> None:
    try:
        ask()
    except WaferError as error:
        structlog.get_logger().warning("not_ready", part=name, code=error.code, message=error.message)
        answer.set_result(False)
    except Exception:  # the edge of a thread of its own
        structlog.get_logger().exception("not_ready", part=name)
        answer.set_result(False)
    else:
        answer.set_result(True)
