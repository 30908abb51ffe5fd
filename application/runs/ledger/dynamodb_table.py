"""One DynamoDB table with the keys `pk` and `sk`: reads that see every write, writes that happen together or not."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from application.errors import LedgerUnavailable
from wafer.store.aws import region

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, PutTypeDef, TransactWriteItemTypeDef

    Write = TransactWriteItemTypeDef
    Item = Mapping[str, AttributeValueTypeDef]

T = TypeVar("T")
PATIENCE_SECONDS = 20.0  # how long a write is repeated while other writers touch the same items
LAST = "~"  # sorts behind every sort key in use
_CONTENDED = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


class Contended(Exception):
    """Somebody else writes one of the items this moment; nothing was written, and another look is needed."""


class Refused(Exception):
    """A condition failed; nothing was written."""


class Table:
    """The table of that name; region, endpoint and credentials by the AWS environment."""

    def __init__(self, name: str) -> None:
        self.name = name
        config = Config(
            retries={"mode": "standard", "total_max_attempts": 4},
            connect_timeout=5,
            read_timeout=10,
            max_pool_connections=32,
        )
        with self._errors():
            session = boto3.session.Session(region_name=region())
            self._client: DynamoDBClient = session.client("dynamodb", config=config)

    def check(self) -> None:
        """Raise `LedgerUnavailable` unless the table answers."""
        with self._errors():
            self._client.describe_table(TableName=self.name)

    def item(self, pk: str, sk: str) -> "Item | None":
        """One item."""
        with self._errors():
            found = self._client.get_item(TableName=self.name, Key=key(pk, sk), ConsistentRead=True)
        return found.get("Item")

    def below(self, pk: str, sk: str, limit: int) -> "Sequence[Item]":
        """Items of a partition below a sort key, the greatest first."""
        with self._errors():
            found = self._client.query(
                TableName=self.name,
                KeyConditionExpression="pk = :pk AND sk < :below",
                ExpressionAttributeValues={":pk": text(pk), ":below": text(sk)},
                ScanIndexForward=False,
                ConsistentRead=True,
                Limit=limit,
            )
        return found["Items"]

    def put(self, pk: str, sk: str, item: "Item", condition: str = "", values: "Item | None" = None) -> "Write":
        """A write of an item, under a condition."""
        put: PutTypeDef = {"TableName": self.name, "Item": {**key(pk, sk), **item}}
        if condition:
            put["ConditionExpression"] = condition
        if values:
            put["ExpressionAttributeValues"] = values
        return {"Put": put}

    def delete(self, pk: str, sk: str) -> "Write":
        """A write that removes an item."""
        return {"Delete": {"TableName": self.name, "Key": key(pk, sk)}}

    def transact(self, writes: "Sequence[Write]") -> None:
        """Do all of the writes or none. Raises `Refused` or `Contended`."""
        try:
            self._client.transact_write_items(TransactItems=writes)
        except self._client.exceptions.TransactionCanceledException as error:
            reasons = {each.get("Code", "") for each in error.response.get("CancellationReasons", ())}
            if "ConditionalCheckFailed" in reasons:
                raise Refused from error
            if reasons & _CONTENDED:
                raise Contended from error
            raise

    def patiently(self, action: Callable[[], T]) -> T:
        """What the action returns, repeated while it is `Contended`. Raises `LedgerUnavailable` in the end."""
        contended = Retrying(
            retry=retry_if_exception_type(Contended),
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
        except (BotoCoreError, ClientError, Contended) as error:
            raise LedgerUnavailable(
                f"The run ledger, DynamoDB table {self.name}, did not take the call: {type(error).__name__} {error}. "
                "Check the table, the AWS settings and the permissions, then try again."
            ) from error


def text(value: str) -> "AttributeValueTypeDef":
    """A string as an attribute."""
    return {"S": value}


def number(value: float) -> "AttributeValueTypeDef":
    """A number as an attribute."""
    return {"N": repr(value)}


def key(pk: str, sk: str) -> "Item":
    """An item's key."""
    return {"pk": text(pk), "sk": text(sk)}
