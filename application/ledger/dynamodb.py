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

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from application.errors import IdempotencyKeyReused, LedgerUnavailable, TrainingRunning
from application.ledger.protocol import EXCLUSIVE, ClaimKey, Entry, Page, Wanted, cursor_of, position_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")
PATIENCE_SECONDS = 20.0  # how long a write is repeated while other writers touch the same items
_CONTENDED = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


class _Contended(Exception):
    """Another transaction holds one of the items; nothing was written."""


class _Refused(Exception):
    """A condition failed; nothing was written."""


class DynamoDBLedger:
    """A `Ledger` in the table of that name; region, endpoint and credentials by the AWS environment."""

    def __init__(self, table: str) -> None:
        self._table = table
        config = Config(
            retries={"mode": "standard", "total_max_attempts": 4},
            connect_timeout=5,
            read_timeout=10,
            max_pool_connections=32,
            parameter_validation=False,  # a third of a call's time, for a form that the tests check
        )
        with self._errors():
            region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
            self._client: DynamoDBClient = boto3.session.Session().client("dynamodb", config=config, region_name=region)

    def claim(self, entry: Entry, key: ClaimKey | None, *, now: float) -> Entry:
        """Write a new run down, or give back the one that the key stands for."""
        return self._patiently(lambda: self._claim(entry, key, now))

    def adopt(self, entry: Entry) -> bool:
        """Write down a run that was started elsewhere; it holds the lock if that is free."""
        try:
            self._patiently(lambda: self._transact(self._new(entry)))
        except _Refused:
            return False
        if entry.active and entry.pipeline in EXCLUSIVE:
            self._take_free_lock(entry)
        return True

    def known(self, key: ClaimKey, *, now: float) -> Entry | None:
        """The run of a key that was used before."""
        found = self._item(f"KEY#{key.digest}", "KEY")
        if not found or float(found["expires_at"]["N"]) <= now:
            return None
        if found["fingerprint"]["S"] != key.fingerprint:
            raise IdempotencyKeyReused("This idempotency key was used for another request; use a new key.")
        return self.get(found["run_id"]["S"])

    def get(self, run_id: str) -> Entry | None:
        """One run."""
        pointer = self._item(f"RUN#{run_id}", "RUN")
        found = self._item("RUNS", pointer["position"]["S"]) if pointer else None
        return Entry.from_json(found["entry"]["S"]) if found else None

    def change(self, entry: Entry, **changes: Any) -> Entry | None:  # noqa: ANN401 - the entry's own fields
        """Write a change if nobody changed the run since it was read."""
        changed = entry.next(**changes)
        try:
            self._patiently(lambda: self._change(entry, changed))
        except _Refused:
            return None
        return changed

    def page(self, wanted: Wanted) -> Page:
        """A page of the history."""
        before = position_of(wanted.cursor) if wanted.cursor else "~"
        found: list[Entry] = []
        for entry in self._history(before, wanted.limit + 1):
            if wanted.takes(entry):
                found.append(entry)
            if len(found) > wanted.limit:
                return Page(tuple(found[:-1]), cursor_of(found[-2].position))
        return Page(tuple(found), "")

    def active(self) -> list[Entry]:
        """Every run that has not ended, oldest first."""
        pointers = self._query("ACTIVE", limit=200)
        found = [self._item("RUNS", item["position"]["S"]) for item in pointers]
        entries = [Entry.from_json(item["entry"]["S"]) for item in found if item]
        return sorted((each for each in entries if each.active), key=lambda each: each.position)

    def check(self) -> None:
        """Ask for the table."""
        with self._errors():
            self._client.describe_table(TableName=self._table)

    def _claim(self, entry: Entry, key: ClaimKey | None, now: float) -> Entry:
        earlier = self.known(key, now=now) if key else None
        if earlier:
            return earlier
        writes = self._new(entry)
        if key:
            item = {
                "fingerprint": _s(key.fingerprint),
                "run_id": _s(entry.run_id),
                "expires_at": _n(int(key.expires_at)),
            }
            condition = "attribute_not_exists(pk) OR expires_at <= :now"
            writes.append(self._put(f"KEY#{key.digest}", "KEY", item, condition, {":now": _n(now)}))
        if entry.pipeline in EXCLUSIVE:
            writes.append(self._lock(entry))
        try:
            self._transact(writes)
        except _Refused as refused:  # the key was faster, or the lock moved: the next look at them tells which
            raise _Contended from refused
        return entry

    def _change(self, entry: Entry, changed: Entry) -> None:
        writes = [
            self._put("RUNS", entry.position, _item(changed), "revision = :was", {":was": _n(entry.revision)}),
        ]
        if changed.active and not entry.active:
            writes.append(self._put("ACTIVE", entry.run_id, {"position": _s(entry.position)}))
            if entry.pipeline in EXCLUSIVE:
                writes.append(self._lock(changed))
        elif entry.active and not changed.active:
            writes.append({"Delete": {"TableName": self._table, "Key": _key("ACTIVE", entry.run_id)}})
        self._transact(writes)

    def _new(self, entry: Entry) -> list[dict[str, Any]]:
        absent = "attribute_not_exists(pk)"
        writes = [
            self._put(f"RUN#{entry.run_id}", "RUN", {"position": _s(entry.position)}, absent),
            self._put("RUNS", entry.position, _item(entry), absent),
        ]
        if entry.active:
            writes.append(self._put("ACTIVE", entry.run_id, {"position": _s(entry.position)}))
        return writes

    def _lock(self, entry: Entry) -> dict[str, Any]:
        """The write that takes the lock from nobody, or from the ended run that still holds it."""
        holder = self._holder(entry)
        condition = "attribute_not_exists(pk) OR run_id = :mine"
        values = {":mine": _s(entry.run_id)}
        if holder:
            run = self.get(holder)
            if run and run.active and run.run_id != entry.run_id:
                raise TrainingRunning(holder)
            condition, values = f"{condition} OR run_id = :ended", {**values, ":ended": _s(holder)}
        return self._put("LOCK", entry.pipeline, {"run_id": _s(entry.run_id)}, condition, values)

    def _holder(self, entry: Entry) -> str:
        found = self._item("LOCK", entry.pipeline)
        return found["run_id"]["S"] if found else ""

    def _take_free_lock(self, entry: Entry) -> None:
        try:
            self._patiently(lambda: self._transact([self._lock(entry)]))
        except (TrainingRunning, _Refused):
            return

    def _put(
        self,
        pk: str,
        sk: str,
        item: Mapping[str, Any],
        condition: str = "",
        values: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        put: dict[str, Any] = {"TableName": self._table, "Item": {**_key(pk, sk), **item}}
        if condition:
            put["ConditionExpression"] = condition
        if values:
            put["ExpressionAttributeValues"] = dict(values)
        return {"Put": put}

    def _transact(self, writes: Sequence[dict[str, Any]]) -> None:
        try:
            self._client.transact_write_items(TransactItems=list(writes))  # type: ignore[arg-type]
        except self._client.exceptions.TransactionCanceledException as error:
            reasons = {each.get("Code", "") for each in error.response.get("CancellationReasons", ())}
            if "ConditionalCheckFailed" in reasons:
                raise _Refused from error
            if reasons & _CONTENDED:
                raise _Contended from error
            raise

    def _item(self, pk: str, sk: str) -> dict[str, Any] | None:
        with self._errors():
            found = self._client.get_item(TableName=self._table, Key=_key(pk, sk), ConsistentRead=True)
        return dict(found["Item"]) if "Item" in found else None

    def _history(self, before: str, limit: int) -> Iterator[Entry]:
        while True:
            items = self._query("RUNS", limit=limit, before=before)
            for item in items:
                yield Entry.from_json(item["entry"]["S"])
            if len(items) < limit:
                return
            before = items[-1]["sk"]["S"]

    def _query(self, pk: str, *, limit: int, before: str = "~") -> list[dict[str, Any]]:
        """Items of a partition below a sort key, the greatest first."""
        with self._errors():
            found = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND sk < :before",
                ExpressionAttributeValues={":pk": _s(pk), ":before": _s(before)},
                ScanIndexForward=False,
                ConsistentRead=True,
                Limit=limit,
            )
        return [dict(item) for item in found["Items"]]

    def _patiently(self, action: Callable[[], T]) -> T:
        contended = Retrying(
            retry=retry_if_exception_type(_Contended),
            wait=wait_random_exponential(multiplier=0.02, max=0.5),
            stop=stop_after_delay(PATIENCE_SECONDS),
            reraise=True,
        )
        with self._errors():
            return contended(action)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError, _Contended) as error:
            raise LedgerUnavailable(
                f"The run ledger, DynamoDB table {self._table}, did not take the call: {type(error).__name__} {error}. "
                "Check the table, the AWS settings and the permissions, then try again."
            ) from error


def _s(value: str) -> dict[str, str]:
    return {"S": value}


def _n(value: float) -> dict[str, str]:
    return {"N": repr(value)}


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": _s(pk), "sk": _s(sk)}


def _item(entry: Entry) -> dict[str, Any]:
    return {"entry": _s(entry.to_json()), "revision": _n(entry.revision), "state": _s(entry.state)}
