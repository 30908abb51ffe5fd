"""What is kept with the runs: notices to send, decisions to train again, schedules; each under a name of its topic."""

from dataclasses import dataclass
from typing import Literal, Protocol

Topic = Literal["mark", "notice", "decision", "removal", "schedule"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `name` is its own in its topic; `at` (ISO 8601 in UTC) is its place in the history.

    `due` is when somebody has to work on it (seconds since 1970); None means that nothing is left to do. `revision`
    counts the changes.
    """

    topic: Topic
    name: str
    at: str
    content: str
    due: float | None = None
    revision: int = 0

    @property
    def position(self) -> str:
        """Where it stands in its topic: later entries have greater positions."""
        return f"{self.at}#{self.name}"


class Journal(Protocol):
    """Keeps entries with the ledger. Every method raises `LedgerUnavailable` when the place does not answer."""

    def add(self, entry: Entry) -> bool:
        """Write an entry down; False when one of its name is there."""

    def get(self, topic: Topic, name: str) -> Entry | None:
        """One entry."""

    def change(self, entry: Entry, changed: Entry) -> Entry | None:
        """Change content and due time unless somebody did since `entry` was read; None when somebody did."""

    def open(self, topic: Topic) -> list[Entry]:
        """Every entry that is still to be worked on, oldest first."""

    def newest(self, topic: Topic, limit: int) -> list[Entry]:
        """The newest entries, newest first."""
