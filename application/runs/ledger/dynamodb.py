"""The ledger in one DynamoDB table with the keys `pk` and `sk`; items with `expires_at` are forgotten by the table.

| pk | sk | what |
|---|---|---|
| `RUNS` | position | the run itself: the history is one query, newest first |
| `RUN#<id>` | `RUN` | the run's position |
| `ACTIVE` | run id | the position of a run that has not ended |
| `LOCK` | pipeline | the one active run of an exclusive pipeline |
| `KEY#<digest>` | `KEY` | an idempotency key |

A claim is one transaction over them. A lock whose run has ended counts as free, so no crash can leave one behind.
"""

from collections.abc import Iterator
from typing import Any

from application.errors import IdempotencyKeyReused, TrainingRunning
from application.runs.ledger.dynamodb_table import LAST, Contended, Refused, Table, Write, number, text
from application.runs.ledger.protocol import EXCLUSIVE, ClaimKey, Entry, Page, Wanted, cursor_of, position_of

MOST_ACTIVE = 500  # runs under way at once that are looked at


class DynamoDBLedger:
    """A `Ledger` in the table of that name."""

    def __init__(self, table: str) -> None:
        self._table = Table(table)

    def claim(self, entry: Entry, key: ClaimKey | None, *, now: float) -> Entry:
        """Write a new run down, or give back the one that the key stands for."""
        return self._table.patiently(lambda: self._claim(entry, key, now))

    def adopt(self, entry: Entry) -> bool:
        """Write down a run that was started elsewhere; it holds the lock if that is free."""
        try:
            self._table.patiently(lambda: self._table.transact(self._new(entry)))
        except Refused:
            return False
        if entry.active and entry.pipeline in EXCLUSIVE:
            self._take_free_lock(entry)
        return True

    def known(self, key: ClaimKey, *, now: float) -> Entry | None:
        """The run of a key that was used before."""
        found = self._table.item(f"KEY#{key.digest}", "KEY")
        if not found or float(found["expires_at"]["N"]) <= now:
            return None
        if found["fingerprint"]["S"] != key.fingerprint:
            raise IdempotencyKeyReused
        return self.get(found["run_id"]["S"])

    def get(self, run_id: str) -> Entry | None:
        """One run."""
        pointer = self._table.item(f"RUN#{run_id}", "RUN")
        return self._at(pointer["position"]["S"]) if pointer else None

    def change(self, entry: Entry, **changes: Any) -> Entry | None:  # noqa: ANN401 - the entry's own fields
        """Write a change if nobody changed the run since it was read."""
        changed = entry.next(**changes)
        try:
            self._table.patiently(lambda: self._change(entry, changed))
        except Refused:
            return None
        return changed

    def page(self, wanted: Wanted) -> Page:
        """A page of the history."""
        before = position_of(wanted.cursor) if wanted.cursor else LAST
        found: list[Entry] = []
        for entry in self._history(before, wanted.limit + 1):
            if wanted.takes(entry):
                found.append(entry)
            if len(found) > wanted.limit:
                return Page(tuple(found[:-1]), cursor_of(found[-2].position))
        return Page(tuple(found), "")

    def active(self) -> list[Entry]:
        """Every run that has not ended, oldest first."""
        pointers = self._table.below("ACTIVE", LAST, MOST_ACTIVE)
        entries = [self._at(item["position"]["S"]) for item in pointers]
        return sorted((each for each in entries if each and each.active), key=lambda each: each.position)

    def check(self) -> None:
        """Ask for the table."""
        self._table.check()

    def _claim(self, entry: Entry, key: ClaimKey | None, now: float) -> Entry:
        earlier = self.known(key, now=now) if key else None
        if earlier:
            return earlier
        writes = self._new(entry)
        if key:
            until = number(int(key.expires_at))
            item = {"fingerprint": text(key.fingerprint), "run_id": text(entry.run_id), "expires_at": until}
            condition = "attribute_not_exists(pk) OR expires_at <= :now"  # the table forgets late, within days
            writes.append(self._table.put(f"KEY#{key.digest}", "KEY", item, condition, {":now": number(now)}))
        if entry.pipeline in EXCLUSIVE:
            writes.append(self._lock(entry))
        try:
            self._table.transact(writes)
        except Refused as refused:  # the key was faster, or the lock moved: the next look at them tells which
            raise Contended from refused
        return entry

    def _change(self, entry: Entry, changed: Entry) -> None:
        was = {":was": number(entry.revision)}
        writes = [self._table.put("RUNS", entry.position, _item(changed), "revision = :was", was)]
        if changed.active and not entry.active:
            writes.append(self._table.put("ACTIVE", entry.run_id, {"position": text(entry.position)}))
            if entry.pipeline in EXCLUSIVE:
                writes.append(self._lock(changed))
        elif entry.active and not changed.active:
            writes.append(self._table.delete("ACTIVE", entry.run_id))
        self._table.transact(writes)

    def _new(self, entry: Entry) -> list[Write]:
        absent, position = "attribute_not_exists(pk)", {"position": text(entry.position)}
        writes = [
            self._table.put(f"RUN#{entry.run_id}", "RUN", position, absent),
            self._table.put("RUNS", entry.position, _item(entry), absent),
        ]
        return [*writes, self._table.put("ACTIVE", entry.run_id, position)] if entry.active else writes

    def _lock(self, entry: Entry) -> Write:
        """The write that takes the lock from nobody, or from the ended run that still holds it."""
        found = self._table.item("LOCK", entry.pipeline)
        holder = found["run_id"]["S"] if found else entry.run_id
        run = self.get(holder)
        if run and run.active and holder != entry.run_id:
            raise TrainingRunning(holder)
        condition = "attribute_not_exists(pk) OR run_id = :holder"
        return self._table.put(
            "LOCK", entry.pipeline, {"run_id": text(entry.run_id)}, condition, {":holder": text(holder)}
        )

    def _take_free_lock(self, entry: Entry) -> None:
        try:
            self._table.patiently(lambda: self._table.transact([self._lock(entry)]))
        except (TrainingRunning, Refused):
            return

    def _at(self, position: str) -> Entry | None:
        found = self._table.item("RUNS", position)
        return Entry.from_json(found["entry"]["S"]) if found else None

    def _history(self, before: str, limit: int) -> Iterator[Entry]:
        while True:
            items = self._table.below("RUNS", before, limit)
            for item in items:
                yield Entry.from_json(item["entry"]["S"])
            if len(items) < limit:
                return
            before = items[-1]["sk"]["S"]


def _item(entry: Entry) -> dict[str, Any]:
    return {"entry": text(entry.to_json()), "revision": number(entry.revision), "state": text(entry.state)}
