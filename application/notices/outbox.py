"""The notices that are to be sent, one for each event and address, kept with the ledger until they are delivered.

Any number of processes may deliver from one outbox: who gets a notice's lease sends it. One that dies between sending
and writing that down sends the notice again; the receiver knows it by its `X-Wafer-Event`.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from application.as_text import AsText
from application.notices.address import Address, Form
from application.notices.event import Event
from application.notices.sending import NotDelivered, send
from application.runs.ledger.journal import Entry, Journal
from application.runs.run import now

PAUSES = (60.0, 600.0, 3600.0, 6 * 3600.0)  # seconds between attempts; after the last one the notice is given up
LEASE_SECONDS = 60.0  # more than all tries of one attempt take
SHOWN = 200  # notices that a status is made of


@dataclass(frozen=True, slots=True)
class Notice(AsText):
    """An event for one address, and what became of it."""

    event: Event
    address: str
    attempts: int = 0
    error: str = ""
    sent: str = ""

    @classmethod
    def from_json(cls, text: str) -> "Notice":
        """Read what `to_json` wrote."""
        raw = json.loads(text)
        return cls(**{**raw, "event": Event(**raw["event"])})


@dataclass(frozen=True, slots=True)
class Standing:
    """How an address takes its notices: how many wait and were given up, when it took the last one, its last error."""

    address: str
    form: Form
    waiting: int
    given_up: int
    sent: str
    error: str


class Outbox:
    """Keeps notices in a journal and sends them."""

    def __init__(self, journal: Journal, addresses: Sequence[Address], secret: str) -> None:
        self._journal = journal
        self._addresses = {each.name: each for each in addresses}
        self._secret = secret
        self._away: dict[str, float] = {}

    def put(self, event: Event) -> None:
        """Keep a notice for every address, unless the event is known."""
        for name in self._addresses:
            text = Notice(event, name).to_json()
            self._journal.add(Entry("notice", f"{event.id}@{name}", event.at, text, due=time.time()))

    def deliver(self) -> None:
        """Send what is due; an address that fails is left alone for a while, whatever else there is for it."""
        for entry in self._journal.open("notice"):
            notice = Notice.from_json(entry.content)
            if max(entry.due or 0.0, self._away.get(notice.address, 0.0)) > time.time():
                continue
            mine = self._journal.change(entry, replace(entry, due=time.time() + LEASE_SECONDS))
            if mine and not self._sent(mine, notice):
                self._away[notice.address] = time.time() + PAUSES[0]

    def test(self) -> dict[str, str]:
        """Send each address a test; address -> what went wrong, empty where it was taken."""
        moment = now()
        text = "This is a test of WAFER_WEBHOOKS. Nothing has happened."
        event = Event("webhook.test", f"test-{moment}", moment, "Test of notices", text)
        return {name: self._try(address, event) for name, address in self._addresses.items()}

    def standing(self) -> list[Standing]:
        """How each address takes its notices."""
        newest = [(each, Notice.from_json(each.content)) for each in self._journal.newest("notice", SHOWN)]
        return [self._standing(address, newest) for address in self._addresses.values()]

    def _standing(self, address: Address, newest: Sequence[tuple[Entry, Notice]]) -> Standing:
        mine = [(entry, notice) for entry, notice in newest if notice.address == address.name]
        open_ = [notice for entry, notice in mine if entry.due is not None]
        given_up = [notice for entry, notice in mine if entry.due is None and not notice.sent]
        sent = max((notice.sent for _, notice in mine), default="")
        error = next((notice.error for notice in (*open_, *given_up) if notice.error), "")
        return Standing(address.name, address.form, len(open_), len(given_up), sent, error)

    def _sent(self, mine: Entry, notice: Notice) -> bool:
        address = self._addresses.get(notice.address)
        error = self._try(address, notice.event) if address else "It is not in WAFER_WEBHOOKS any more."
        if not error:
            done = replace(notice, attempts=notice.attempts + 1, error="", sent=now())
            self._journal.change(mine, replace(mine, content=done.to_json(), due=None))
            return True
        again = address is not None and notice.attempts < len(PAUSES)
        failed = replace(notice, attempts=notice.attempts + 1, error=error)
        due = time.time() + PAUSES[notice.attempts] if again else None
        self._journal.change(mine, replace(mine, content=failed.to_json(), due=due))
        return False

    def _try(self, address: Address, event: Event) -> str:
        log = structlog.get_logger().bind(address=address.name, event_id=event.id)
        try:
            send(address, event, self._secret)
        except NotDelivered as error:
            log.warning("webhook.failed", message=str(error))
            return str(error)
        log.info("webhook.sent")
        return ""
