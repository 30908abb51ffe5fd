"""The journal in the table of the DynamoDB ledger.

| pk | sk | what |
|---|---|---|
| `JOURNAL#<topic>` | position | the entry itself: the history is one query, newest first |
| `ENTRY#<topic>#<name>` | `ENTRY` | the entry's position, so that its name is there once |
| `OPEN#<topic>` | position | an entry that is still to be worked on |
"""

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import orjson

from application.runs.ledger.dynamodb_table import LAST, Refused, Table, number, text
from application.runs.ledger.journal import Entry, Topic

if TYPE_CHECKING:
    from application.runs.ledger.dynamodb_table import Item, Write

MOST_OPEN = 500  # entries to be worked on that are looked at


class DynamoDBJournal:
    """A `Journal` in the table of that name."""

    def __init__(self, table: str) -> None:
        self._table = Table(table)

    def add(self, entry: Entry) -> bool:
        """Write an entry down."""
        absent, position = "attribute_not_exists(pk)", {"position": text(entry.position)}
        writes = [
            self._table.put(f"ENTRY#{entry.topic}#{entry.name}", "ENTRY", position, absent),
            self._table.put(f"JOURNAL#{entry.topic}", entry.position, _item(entry), absent),
            *self._opened(entry),
        ]
        return self._done(writes)

    def get(self, topic: Topic, name: str) -> Entry | None:
        """One entry."""
        pointer = self._table.item(f"ENTRY#{topic}#{name}", "ENTRY")
        found = self._table.item(f"JOURNAL#{topic}", pointer["position"]["S"]) if pointer else None
        return _entry(found) if found else None

    def change(self, entry: Entry, changed: Entry) -> Entry | None:
        """Change an entry unless somebody did since it was read."""
        changed = replace(changed, revision=entry.revision + 1)
        was = {":was": number(entry.revision)}
        writes = [self._table.put(f"JOURNAL#{entry.topic}", entry.position, _item(changed), "revision = :was", was)]
        if changed.due is None:
            writes.append(self._table.delete(f"OPEN#{entry.topic}", entry.position))
        return changed if self._done([*writes, *self._opened(changed)]) else None

    def open(self, topic: Topic) -> list[Entry]:
        """Every entry that is still to be worked on."""
        found = self._table.below(f"OPEN#{topic}", LAST, MOST_OPEN)
        entries = [self._table.item(f"JOURNAL#{topic}", each["sk"]["S"]) for each in reversed(found)]
        return [_entry(each) for each in entries if each]

    def newest(self, topic: Topic, limit: int) -> list[Entry]:
        """The newest entries."""
        return [_entry(each) for each in self._table.below(f"JOURNAL#{topic}", LAST, limit)]

    def _opened(self, entry: Entry) -> "list[Write]":
        return [] if entry.due is None else [self._table.put(f"OPEN#{entry.topic}", entry.position, {})]

    def _done(self, writes: "list[Write]") -> bool:
        try:
            self._table.patiently(lambda: self._table.transact(writes))
        except Refused:
            return False
        return True


def _item(entry: Entry) -> "Item":
    return {"entry": text(orjson.dumps(asdict(entry)).decode()), "revision": number(entry.revision)}


def _entry(item: "Item") -> Entry:
    return Entry(**orjson.loads(item["entry"]["S"]))
