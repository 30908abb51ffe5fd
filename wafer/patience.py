"""How long a call is repeated while a part does not answer. A task is patient: it would lose hours of work.

Where a person or a probe waits for the answer, the process hurries: a part that is away is told within 30 seconds.
"""

from dataclasses import dataclass


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
