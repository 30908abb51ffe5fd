"""How often a caller may ask: one bucket of tokens a caller, filled at a steady rate."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from application.errors import TooManyRequests

CALLERS_KEPT = 10_000  # the longest-silent are forgotten first; their buckets are full again anyway


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests at once, and so many a second afterwards."""

    burst: float
    per_second: float


class Limiter:
    """Buckets of one kind of request."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> None:
        """Count one request. Raises `TooManyRequests` when the caller's bucket is empty."""
        now = self._clock()
        with self._lock:
            left, then = self._buckets.pop(caller, (self._rate.burst, now))
            left = min(self._rate.burst, left + (now - then) * self._rate.per_second)
            self._buckets[caller] = (max(left - 1, 0) if left >= 1 else left, now)
            if len(self._buckets) > CALLERS_KEPT:
                self._buckets.popitem(last=False)
        if left < 1:
            raise TooManyRequests(max(1.0, (1 - left) / self._rate.per_second))
