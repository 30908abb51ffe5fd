"""What a ledger keeps of a run, and what it promises about it."""

import base64
import binascii
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from application.errors import RequestInvalid
from application.runs.run import Run, RunState
from wafer.runs import Pipeline


class ClaimKey(NamedTuple):
    """An idempotency key: digest of caller and key, digest of what was asked, when it may be forgotten."""

    digest: str
    fingerprint: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class Page:
    """Some runs, newest first, and the cursor behind which the next ones lie; empty at the end."""

    runs: tuple[Run, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of the history is asked for; None means every pipeline, every state, every contract."""

    limit: int = 50
    cursor: str = ""
    pipeline: Pipeline | None = None
    state: RunState | None = None
    contract: str | None = None

    def takes(self, run: Run) -> bool:
        """Whether the run is one of those."""
        kinds = self.pipeline in {None, run.pipeline} and self.state in {None, run.state}
        return kinds and self.contract in {None, run.contract}


class Ledger(Protocol):
    """Keeps runs, all but their tasks. Every method raises `LedgerUnavailable` when the place does not answer."""

    def claim(self, run: Run, key: ClaimKey | None, *, now: float) -> Run:
        """Write a new run down, all or nothing, and give it back; with a key used before, the run of that time.

        `IdempotencyKeyReused` when the key stood for another request, `TrainingRunning` when an exclusive run is
        active.
        """

    def adopt(self, run: Run) -> bool:
        """Write down a run that was started elsewhere; False when it is known."""

    def known(self, key: ClaimKey, *, now: float) -> Run | None:
        """The run of a key that was used before and has not expired; `IdempotencyKeyReused` as in `claim`."""

    def get(self, run_id: str) -> Run | None:
        """One run."""

    def change(self, run: Run, changed: Run) -> Run | None:
        """Write a change, one revision later, if nobody changed the run since `run` was read; None when somebody did.

        `TrainingRunning` when it makes an exclusive run active again while another one is.
        """

    def page(self, wanted: Wanted) -> Page:
        """A page of the history."""

    def active(self) -> list[Run]:
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
