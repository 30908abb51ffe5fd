"""Finds what others are to be told of, and tells them: by looking at what has ended, so that a restart loses nothing.

Nothing here runs in a run or a request. Whoever looks writes down which runs it has told of; events have names, so two
who look at the same time tell of each once. What ended before webhooks were first set is not told.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog

from application.notices.finding import events_of, promoted
from application.notices.outbox import Outbox
from application.runs.ledger.journal import Entry, Journal
from application.runs.ledger.protocol import Ledger, Wanted
from application.runs.run import Run, now
from application.runs.signs import Judge
from wafer.errors import WaferError
from wafer.registry import ModelVersions
from wafer.store import Store

NEWEST = 50  # runs among which those are sought that nobody has told of
PROMOTION_SECONDS = 30.0  # between two looks at the registry, without a training that ended
_SINCE = "notices-since"
Registries = Callable[[], Mapping[str, ModelVersions]]  # the model of every contract


@dataclass(slots=True)
class Notices:
    """Looks at runs and promotions, and sends what they say."""

    ledger: Ledger
    journal: Journal
    outbox: Outbox
    store: Store
    registries: Registries
    judge: Judge
    _told: set[str] = field(default_factory=set, init=False)
    _promotions_seen: float = field(default=-PROMOTION_SECONDS, init=False)

    def look(self) -> None:
        """Keep a notice of everything new. Raises `LedgerUnavailable`."""
        since = self.begin()
        for run in reversed(self.ledger.page(Wanted(NEWEST)).runs):
            if not run.active and run.finished >= since:
                self._tell(run)
        if time.monotonic() - self._promotions_seen >= PROMOTION_SECONDS:
            self.look_at_promotions()

    def look_at_promotions(self) -> None:
        """Keep a notice of every version that came into production."""
        self._promotions_seen = time.monotonic()
        since = self.begin()
        try:
            found = {name: registry.promotions() for name, registry in self.registries().items()}
        except WaferError as error:
            structlog.get_logger().warning("notices.look_failed", message=error.message)
            return
        for contract, entries in found.items():
            for entry in entries:
                if entry.at >= since:
                    self.outbox.put(promoted(entry, contract))

    def begin(self) -> str:
        """The second in which notices began here: this one, if there were none before."""
        self.journal.add(Entry("mark", _SINCE, now()[: len("2026-11-27T08:15:00")], "{}"))
        found = self.journal.get("mark", _SINCE)
        return found.at if found else ""

    def _tell(self, run: Run) -> None:
        mark = f"told-{run.run_id}-{run.attempt}"
        if mark in self._told:
            return
        if not self.journal.get("mark", mark):
            try:
                for event in events_of(self.store, run, self.judge):
                    self.outbox.put(event)
            except WaferError as error:  # the next look tries again
                structlog.get_logger().warning("notices.look_failed", run_id=run.run_id, message=error.message)
                return
            self.journal.add(Entry("mark", mark, run.finished, "{}"))
            if run.pipeline == "train":
                self.look_at_promotions()
        self._told.add(mark)
