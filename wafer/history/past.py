"""A prediction run of the past, as whoever reads the history has to know it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

Stamp = Callable[[str], datetime | None]  # when a batch was written, by the name of its file; None: it does not say


def _unsaid(_: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class PastRun:
    """A prediction that succeeded: when it ended, what it read, and what its contract tells.

    That is how a file's name says its time, and how many sensors a wafer has; 0 where the contract is gone.
    """

    run_id: str
    ended: datetime
    source: str = ""
    stamp: Stamp = _unsaid
    sensors: int = 0

    def moment(self, file: str) -> datetime:
        """When a batch was written, by its name; else when it was predicted.

        A stamp says no time zone; all of a line's have the same, taken as UTC.
        """
        found = self.stamp(file)
        return found.replace(tzinfo=UTC) if found else self.ended
