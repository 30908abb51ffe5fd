"""What a ledger keeps of a run, and what it promises about it."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Protocol

from application.errors import RequestInvalid
from application.runs.request import Request
from wafer.runs import Pipeline

RunState = Literal["queued", "starting", "running", "succeeded", "failed", "cancelled"]
ACTIVE: frozenset[RunState] = frozenset({"queued", "starting", "running"})
EXCLUSIVE: frozenset[Pipeline] = frozenset({"train"})  # of these at most one is active


@dataclass(frozen=True, slots=True)
class Entry:
    """One run. Times are ISO 8601 in UTC, `lease_until` is seconds since 1970; `revision` counts its writes."""

    run_id: str
    pipeline: Pipeline
    source: str
    parameters: Mapping[str, Any]
    created: str
    requested_by: str
    state: RunState = "queued"
    attempt: int = 1
    native_id: str = ""
    lease_until: float = 0.0
    failed_starts: int = 0
    started: str = ""
    finished: str = ""
    cancelled_by: str = ""
    error: Mapping[str, Any] = field(default_factory=dict)
    revision: int = 0

    @property
    def active(self) -> bool:
        """Whether the run has not ended yet."""
        return self.state in ACTIVE

    @property
    def position(self) -> str:
        """Where it stands in the history: later runs have greater positions."""
        return f"{self.created}#{self.run_id}"

    def request(self) -> Request:
        """What a backend is asked for."""
        return Request(self.run_id, self.pipeline, self.source, self.created, self.parameters)

    def to_json(self) -> str:
        """The entry as text."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Entry":
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))

    def next(self, **changes: Any) -> "Entry":  # noqa: ANN401 - the entry's own fields
        """The entry after a change, one revision later."""
        return replace(self, **changes, revision=self.revision + 1)


@dataclass(frozen=True, slots=True)
class ClaimKey:
    """An idempotency key: digest of caller and key, digest of what was asked, when it may be forgotten."""

    digest: str
    fingerprint: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class Page:
    """Some runs, newest first, and the cursor behind which the next ones lie; empty at the end."""

    entries: tuple[Entry, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of the history is asked for; no states means all of them."""

    limit: int = 50
    cursor: str = ""
    pipeline: Pipeline | None = None
    states: tuple[RunState, ...] = ()

    def takes(self, entry: Entry) -> bool:
        """Whether the entry is one of those."""
        return self.pipeline in {None, entry.pipeline} and (not self.states or entry.state in self.states)


class Ledger(Protocol):
    """Keeps entries. Every method raises `LedgerUnavailable` when the place does not answer."""

    def claim(self, entry: Entry, key: ClaimKey | None, *, now: float) -> Entry:
        """Write a new run down, all or nothing, and give it back; with a key used before, the run of that time.

        `IdempotencyKeyReused` when the key stood for another request, `TrainingRunning` when an exclusive run is
        active.
        """

    def adopt(self, entry: Entry) -> bool:
        """Write down a run that was started elsewhere; False when it is known."""

    def known(self, key: ClaimKey, *, now: float) -> Entry | None:
        """The run of a key that was used before and has not expired; `IdempotencyKeyReused` as in `claim`."""

    def get(self, run_id: str) -> Entry | None:
        """One run."""

    def change(self, entry: Entry, **changes: Any) -> Entry | None:  # noqa: ANN401 - the entry's own fields
        """Write a change if nobody changed the run since `entry` was read; None when somebody did.

        `TrainingRunning` when it makes an exclusive run active again while another one is.
        """

    def page(self, wanted: Wanted) -> Page:
        """A page of the history."""

    def active(self) -> list[Entry]:
        """Every run that has not ended, oldest first."""

    def check(self) -> None:
        """Raise `LedgerUnavailable` when nothing could be written down now."""


def cursor_of(position: str) -> str:
    """What a caller hands back to get the page behind a position."""
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def position_of(cursor: str) -> str:
    """The position behind a cursor. Raises `RequestInvalid`."""
    try:
        found = base64.b64decode(f"{cursor}{'=' * (-len(cursor) % 4)}", altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise RequestInvalid("`cursor` must be what the page before named as `next`.") from error
    if "#" not in found or not found.isprintable():
        raise RequestInvalid("`cursor` must be what the page before named as `next`.")
    return found
