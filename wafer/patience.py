"""How long a call is repeated while a part does not answer. A task is patient: it would lose hours of work.

Where a person or a probe waits for the answer, the process hurries: a part that is away is told within 30 seconds.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: `repeat` a call that fails, `connect` once, `read` one answer; `tries` are those inside one call."""

    repeat: float
    connect: float
    read: float
    tries: int


TASK = Patience(repeat=60, connect=5, read=30, tries=3)
PERSON = Patience(repeat=10, connect=4, read=8, tries=2)
_hurried = False


def hurry() -> None:
    """Let this process hurry from now on; processes that it starts do not."""
    global _hurried  # noqa: PLW0603 - of the process, as its environment is
    _hurried = True


def patience() -> Patience:
    """The patience of this process."""
    return PERSON if _hurried else TASK


TOLD_SECONDS = 5.0  # between two lines about a wait
_numbers = count()
_waits: dict[int, tuple[str, float]] = {}  # calls not yet answered: of what, since when


@contextmanager
def waiting_for(what: str) -> Iterator[None]:
    """A call of a part, by the part's name, that may take long."""
    number = next(_numbers)
    _waits[number] = what, time.monotonic()
    try:
        yield
    finally:
        del _waits[number]


@contextmanager
def waits_told(tell: Callable[[str], object]) -> Iterator[None]:
    """Tell every few seconds of the block what is waited for, and how long already."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(TOLD_SECONDS):
            for what, since in sorted(_waits.copy().values(), key=lambda wait: wait[1])[:1]:
                if (seconds := time.monotonic() - since) > TOLD_SECONDS / 2:
                    tell(f"Waiting for {what}, {seconds:.0f} s")

    threading.Thread(target=watch, name="waits", daemon=True).start()
    try:
        yield
    finally:
        ended.set()
