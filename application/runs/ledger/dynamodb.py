"""The ledger in one DynamoDB table with the keys `pk` and `sk`; items with `expires_at` are forgotten by the table.

| pk | sk | what |
|---|---|---|
| `RUNS` | position | the run itself: the history is one query, newest first |
| `RUN#<id>` | `RUN` | the run's position |
| `ACTIVE` | run id | the position of a run that has not ended |
| `LOCK` | `Run.lock` | the one active run of an exclusive pipeline under a contract |
| `KEY#<digest>` | `KEY` | an idempotency key |

A claim is one transaction over them. A lock whose run has ended counts as free, so no crash can leave one behind.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from application.errors import IdempotencyKeyReused, TrainingRunning
from application.runs.ledger.dynamodb_table import LAST, Contended, Refused, Table, number, text
from application.runs.ledger.protocol import ClaimKey, Page, Wanted, cursor_of, position_of
from application.runs.run import Run

if TYPE_CHECKING:
    from application.runs.ledger.dynamodb_table import Item, Write

MOST_ACTIVE = 500  # active runs that are looked at


class DynamoDBLedger:
    """A `Ledger` in the table of that name."""

    def __init__(self, table: str) -> None:
        self._table = Table(table)

    def claim(self, run: Run, key: ClaimKey | None, *, now: float) -> Run:
        """Write a new run down, or give back the one that the key stands for."""
        return self._table.patiently(lambda: self._claim(run, key, now))

    def adopt(self, run: Run) -> bool:
        """Write down a run that was started elsewhere; it holds the lock if that is free."""
        try:
            self._table.patiently(lambda: self._table.transact(self._new(run)))
        except Refused:
            return False
        if run.active and run.lock:
            self._take_free_lock(run)
        return True

    def known(self, key: ClaimKey, *, now: float) -> Run | None:
        """The run of a key that was used before."""
        found = self._table.item(f"KEY#{key.digest}", "KEY")
        if not found or float(found["expires_at"]["N"]) <= now:
            return None
        if found["fingerprint"]["S"] != key.fingerprint:
            raise IdempotencyKeyReused
        return self.get(found["run_id"]["S"])

    def get(self, run_id: str) -> Run | None:
        """One run."""
        pointer = self._table.item(f"RUN#{run_id}", "RUN")
        return self._at(pointer["position"]["S"]) if pointer else None

    def change(self, run: Run, changed: Run) -> Run | None:
        """Write a change if nobody changed the run since it was read."""
        changed = replace(changed, revision=run.revision + 1)
        try:
            self._table.patiently(lambda: self._change(run, changed))
        except Refused:
            return None
        return changed

    def page(self, wanted: Wanted) -> Page:
        """A page of the history."""
        before = position_of(wanted.cursor) if wanted.cursor else LAST
        found: list[Run] = []
        for run in self._history(before, wanted.limit + 1):
            if wanted.takes(run):
                found.append(run)
            if len(found) > wanted.limit:
                return Page(tuple(found[:-1]), cursor_of(found[-2].position))
        return Page(tuple(found), "")

    def active(self) -> list[Run]:
        """Every run that has not ended, oldest first."""
        pointers = self._table.below("ACTIVE", LAST, MOST_ACTIVE)
        runs = [self._at(item["position"]["S"]) for item in pointers]
        return sorted((each for each in runs if each and each.active), key=lambda each: each.position)

    def check(self) -> None:
        """Ask for the table."""
        self._table.check()

    def _claim(self, run: Run, key: ClaimKey | None, now: float) -> Run:
        earlier = self.known(key, now=now) if key else None
        if earlier:
            return earlier
        writes = self._new(run)
        if key:
            until = number(int(key.expires_at))
            item = {"fingerprint": text(key.fingerprint), "run_id": text(run.run_id), "expires_at": until}
            condition = "attribute_not_exists(pk) OR expires_at <= :now"  # the table forgets late, within days
            writes.append(self._table.put(f"KEY#{key.digest}", "KEY", item, condition, {":now": number(now)}))
        if run.lock:
            writes.append(self._lock(run))
        try:
            self._table.transact(writes)
        except Refused as refused:  # the key was faster, or the lock moved: the next look at them tells which
            raise Contended from refused
        return run

    def _change(self, run: Run, changed: Run) -> None:
        was = {":was": number(run.revision)}
        writes = [self._table.put("RUNS", run.position, _item(changed), "revision = :was", was)]
        if changed.active and not run.active:
            writes.append(self._table.put("ACTIVE", run.run_id, {"position": text(run.position)}))
            if run.lock:
                writes.append(self._lock(changed))
        elif run.active and not changed.active:
            writes.append(self._table.delete("ACTIVE", run.run_id))
        self._table.transact(writes)

    def _new(self, run: Run) -> "list[Write]":
        absent, position = "attribute_not_exists(pk)", {"position": text(run.position)}
        writes = [
            self._table.put(f"RUN#{run.run_id}", "RUN", position, absent),
            self._table.put("RUNS", run.position, _item(run), absent),
        ]
        return [*writes, self._table.put("ACTIVE", run.run_id, position)] if run.active else writes

    def _lock(self, run: Run) -> "Write":
        """The write that takes the lock from nobody, or from the ended run that still holds it."""
        found = self._table.item("LOCK", run.lock)
        holder = found["run_id"]["S"] if found else run.run_id
        held_by = self.get(holder)
        if held_by and held_by.active and holder != run.run_id:
            raise TrainingRunning(holder)
        condition = "attribute_not_exists(pk) OR run_id = :holder"
        return self._table.put("LOCK", run.lock, {"run_id": text(run.run_id)}, condition, {":holder": text(holder)})

    def _take_free_lock(self, run: Run) -> None:
        try:
            self._table.patiently(lambda: self._table.transact([self._lock(run)]))
        except (TrainingRunning, Refused):
            return

    def _at(self, position: str) -> Run | None:
        found = self._table.item("RUNS", position)
        return Run.from_json(found["entry"]["S"]) if found else None

    def _history(self, before: str, limit: int) -> Iterator[Run]:
        while True:
            items = self._table.below("RUNS", before, limit)
            for item in items:
                yield Run.from_json(item["entry"]["S"])
            if len(items) < limit:
                return
            before = items[-1]["sk"]["S"]


def _item(run: Run) -> "Item":
    return {"entry": text(run.to_json()), "revision": number(run.revision), "state": text(run.state)}
