"""The documents in MongoDB, or whatever speaks its protocol: a collection a kind in the database the address names."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, partial
from typing import Any, Self, TypeVar
from urllib.parse import unquote

from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from wafer.contract import KINDS
from wafer.documents.document import Document, DocumentRows
from wafer.documents.protocol import Inserted, batches_of, collection_of
from wafer.errors import DocumentsUnavailable

S = TypeVar("S")
T = TypeVar("T")
PATIENCE_SECONDS = 60  # how long a call is repeated while the database is away
TIMEOUTS = {"serverSelectionTimeoutMS": 5_000, "connectTimeoutMS": 5_000, "socketTimeoutMS": 60_000}
CONNECTIONS = 2  # that write at once: the server reads one request while it stores the other
INSERTED_AT_ONCE = 250  # documents a request; 590 readings are about 12 kB of BSON
READ_AT_ONCE = 2_000  # ids a query; about 100 MB in memory, put in order before they are handed on
DATABASE = "wafer"  # where the address names none
_DUPLICATE = 11000
_REFUSED = {13, 18}  # Unauthorized, AuthenticationFailed
_IN_NAMES = str.maketrans({"%": "%25", ".": "%2E", "$": "%24", "\0": "%00"})


class MongoDocuments:
    """`Documents` on a server; every call is repeated for a minute while the server is away or changes its primary."""

    def __init__(self, uri: str, *, patience: float = PATIENCE_SECONDS, connections: int = CONNECTIONS) -> None:
        self._address = uri.partition("://")[2].rpartition("@")[2].partition("?")[0]  # without user and password
        self._patience, self._connections = patience, connections
        settings: dict[str, Any] = {name: value for name, value in TIMEOUTS.items() if name not in uri}
        try:
            self._client: MongoClient[Document] = MongoClient(uri, appname="wafer", **settings)
            self._database = self._client.get_default_database(DATABASE)
        except (PyMongoError, ValueError) as exc:
            # what pymongo says may quote a part of the password
            sentence = "MONGODB_URI is not a usable address: write mongodb://user:password@host:port/database, with "
            raise DocumentsUnavailable(f"{sentence}special characters of user and password percent-encoded.") from exc
        if not self._database.write_concern.acknowledged:
            self._client.close()
            raise DocumentsUnavailable("MONGODB_URI asks the server not to answer writes. Take w=0 out of the address.")
        self._make_indexes()

    def insert(self, kind: str, rows: DocumentRows) -> Inserted:
        """Write those documents whose `_id` is not there yet, in batches; safe to repeat and to run side by side."""
        insert = partial(self._insert_batch, self._collection(kind))
        inserted, found = 0, list[str]()
        for sent, already in _side_by_side(
            insert, batches_of(rows.documents(kind), INSERTED_AT_ONCE), self._connections
        ):
            inserted += sent - len(already)
            found += already
        return Inserted(inserted, tuple(found))

    def read(self, kind: str, ids: Iterable[str]) -> Iterator[Document]:
        """Read documents in the order of the ids, a bounded number of them in memory; unknown ids are left out."""
        collection = self._collection(kind)
        for batch in batches_of(ids, READ_AT_ONCE):
            found = self._call(partial(_find, collection, batch))
            for identity in batch:
                if document := found.get(identity):
                    yield {**document, "readings": _renamed(document["readings"], _from_stored)}

    def count(self, kind: str) -> int:
        """How many documents of a kind there are, of all runs."""
        return self._call(partial(self._collection(kind).count_documents, {}))

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _insert_batch(self, collection: Collection[Document], batch: list[Document]) -> tuple[int, list[str]]:
        """How many documents were sent, and the ids of those that were there already."""
        stored: list[Document] = [
            {**document, "readings": _renamed(document["readings"], _to_stored)} for document in batch
        ]
        return len(batch), self._call(partial(_insert_new, collection, stored))

    def _collection(self, kind: str) -> Collection[Document]:
        return self._database[collection_of(kind)]

    def _make_indexes(self) -> None:
        """Beside `_id`, what a person looks a document up by: the wafer, and the file it came in."""
        try:
            for kind in KINDS:
                for field in ("wafer", "sha256"):
                    self._call(partial(self._collection(kind).create_index, field))
        except DocumentsUnavailable:
            self.close()
            raise

    def _call(self, action: Callable[[], T]) -> T:
        pause = wait_random_exponential(multiplier=0.2, max=2)
        again = retry_if_exception(_passes)
        try:
            return Retrying(retry=again, stop=stop_after_delay(self._patience), wait=pause, reraise=True)(action)
        except PyMongoError as exc:
            raise DocumentsUnavailable(_sentence(exc, self._address)) from exc


def _side_by_side(work: Callable[[S], T], batches: Iterable[S], count: int) -> Iterator[T]:
    """Work on `count` batches at once, each over a connection of its own; one more waits in memory."""
    with ThreadPoolExecutor(count) as pool:
        waiting: deque[Future[T]] = deque()
        for batch in batches:
            waiting.append(pool.submit(work, batch))
            if len(waiting) > count:
                yield waiting.popleft().result()
        yield from (each.result() for each in waiting)


def _insert_new(collection: Collection[Document], documents: list[Document]) -> list[str]:
    """Insert what is not there yet; a duplicate `_id` means it is, and every other error is one. The ids found."""
    try:
        collection.insert_many(documents, ordered=False)
    except BulkWriteError as exc:
        details = exc.details or {}
        errors = details.get("writeErrors", [])
        if details.get("writeConcernErrors") or any(error["code"] != _DUPLICATE for error in errors):
            raise
        return [documents[error["index"]]["_id"] for error in errors]
    return []


def _find(collection: Collection[Document], ids: list[str]) -> dict[str, Document]:
    return {document["_id"]: document for document in collection.find({"_id": {"$in": ids}})}


def _passes(failure: BaseException) -> bool:
    if isinstance(failure, (AutoReconnect, ExecutionTimeout, WTimeoutError)):
        return True
    return isinstance(failure, PyMongoError) and failure.has_error_label("RetryableWriteError")


def _sentence(failure: PyMongoError, address: str) -> str:
    if isinstance(failure, OperationFailure) and failure.code in _REFUSED:
        return f"MongoDB at {address} refused the user: {failure}. Check user, password and authSource in MONGODB_URI."
    reason = failure.details if isinstance(failure, BulkWriteError) else failure
    return f"MongoDB at {address} could not be used: {str(reason)[:500]}. Check MONGODB_URI and the server."


def _renamed(readings: dict[str, float], rename: Callable[[str], str]) -> dict[str, float]:
    return {rename(name): value for name, value in readings.items()}


@cache
def _to_stored(sensor: str) -> str:
    """Field name of a sensor: MongoDB's queries cannot name a field with a dot or a leading dollar."""
    return sensor.translate(_IN_NAMES)


@cache
def _from_stored(field: str) -> str:
    return unquote(field)
