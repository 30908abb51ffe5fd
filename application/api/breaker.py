"""Keeps a part that does not answer from taking the service with it: every request to it would hold a thread.

A call that failed after a while closes the way for some seconds: further calls fail at once with the same error. Then
one call tries. A failure that comes at once holds nobody up and closes nothing. Calls that wait are limited in number.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar, cast

from wafer.errors import Unavailable

PAUSE = 5.0  # seconds for which nobody asks a part that is away
SLOW = 3.0  # seconds after which a call counts as waiting
MOST = 8  # calls that may wait for one part, of the 40 threads that answer requests
T = TypeVar("T")


@dataclass(slots=True)
class Breaker:
    """The way to one part."""

    part: str
    error: type[Unavailable]
    pause: float = field(default=PAUSE, kw_only=True)
    slow: float = field(default=SLOW, kw_only=True)
    most: int = field(default=MOST, kw_only=True)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _under_way: dict[int, float] = field(default_factory=dict, init=False)  # call -> when it began
    _failure: Unavailable | None = field(default=None, init=False)
    _closed_until: float = field(default=0.0, init=False)
    _trying: bool = field(default=False, init=False)

    @contextmanager
    def call(self) -> Iterator[None]:
        """A call of the part. Raises `Unavailable` instead when the part is known to be away."""
        number = self._begin()
        try:
            yield
        except Unavailable as failure:
            self._end(number, failure)
            raise
        except BaseException:
            self._end(number, None)
            raise
        self._end(number, None)

    def _begin(self) -> int:
        now = time.monotonic()
        with self._lock:
            if self._failure and (self._trying or now < self._closed_until):
                raise type(self._failure)(self._failure.message)
            if sum(now - began > self.slow for began in self._under_way.values()) >= self.most:
                raise self.error(f"{self.most} requests wait for {self.part} already. Try again when it answers.")
            self._trying = self._failure is not None
            number = max(self._under_way, default=0) + 1
            self._under_way[number] = now
            return number

    def _end(self, number: int, failure: Unavailable | None) -> None:
        now = time.monotonic()
        with self._lock:
            waited = now - self._under_way.pop(number)
            self._trying = False
            self._failure = failure if failure and waited > self.slow else None
            self._closed_until = now + self.pause


def guarded(part: T, breaker: Breaker) -> T:
    """The part, each of whose methods goes through the breaker."""
    return cast("T", _Guarded(part, breaker))


class _Guarded:
    def __init__(self, part: object, breaker: Breaker) -> None:
        self._part = part
        self._breaker = breaker

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the part has
        found = getattr(self._part, name)
        return self._through(found) if callable(found) else found

    def _through(self, method: Callable[..., T]) -> Callable[..., T]:
        @wraps(method)
        def call(*given: Any, **named: Any) -> T:  # noqa: ANN401 - as the method's
            with self._breaker.call():
                return method(*given, **named)

        return call
