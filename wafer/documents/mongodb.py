"""The documents in MongoDB, or whatever speaks its protocol: a collection a kind in the database the address names.

The readings are an array in the order of their sensors, whose names are kept once, in the collection `sensors` (ADR
0020). Until November 2026 a document held its readings by their names; these are read as well.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from math import isnan
from typing import Any, TypeVar
from urllib.parse import unquote

from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from wafer.documents.document import Document, DocumentRows, by_name
from wafer.documents.outcome import Outcome
from wafer.documents.protocol import KINDS, Closing, Inserted, batches_of, collection_of
from wafer.errors import DocumentsUnavailable
from wafer.patience import Patience, waiting_for
from wafer.patience import patience as process_patience

T = TypeVar("T")
INSERTED_AT_ONCE = 250  # documents a request; 590 readings are about 8 kB of BSON
OUTCOMES = "outcomes"  # collection of what wafers turned out to be
SENSORS = "sensors"  # collection of the sensors' names by their digest
READ_AT_ONCE = 2_000  # ids a query; about 100 MB in memory, put in order before they are handed on
DATABASE = "wafer"  # where the address names none
_DUPLICATE = 11000
_REFUSED = {13, 18}  # Unauthorized, AuthenticationFailed
Stored = dict[str, Any]  # a document as the server holds it, now or before


class MongoDocuments(Closing):
    """`Documents` on a server; every call is repeated for a minute while the server is away or changes its primary."""

    def __init__(self, uri: str, *, patience: Patience | None = None) -> None:
        self._address = uri.partition("://")[2].rpartition("@")[2].partition("?")[0]  # without user and password
        self._patience = patience or process_patience()
        self._named: dict[str, list[str]] = {}  # sensors by the digest of their names
        settings: Stored = {name: value for name, value in _timeouts(self._patience).items() if name not in uri}
        try:
            self._client: MongoClient[Any] = self._again(lambda: MongoClient(uri, appname="wafer", **settings))
            self._database = self._client.get_default_database(DATABASE)
        except (PyMongoError, ValueError) as exc:
            if isinstance(exc, PyMongoError) and _is_lookup(exc):
                raise DocumentsUnavailable(_sentence(exc, self._address)) from exc
            # what pymongo says may quote a part of the password
            sentence = "MONGODB_URI is not a usable address: write mongodb://user:password@host:port/database, with "
            raise DocumentsUnavailable(f"{sentence}special characters of user and password percent-encoded.") from exc
        if not self._database.write_concern.acknowledged:
            self._client.close()
            raise DocumentsUnavailable("MONGODB_URI asks the server not to answer writes. Take w=0 out of the address.")
        self._make_indexes()

    def insert(self, kind: str, rows: DocumentRows) -> Inserted:
        """Write those documents whose `_id` is not there yet, in batches; safe to repeat and to run side by side."""
        collection = self._collection(kind)
        self._keep_names(rows)
        found = list[str]()
        for batch in batches_of(_stored(rows, kind), INSERTED_AT_ONCE):
            found += self._call(partial(_insert_new, collection, batch))
        return Inserted(len(rows) - len(found), tuple(found))

    def read(self, kind: str, ids: Iterable[str]) -> Iterator[Document]:
        """Read documents in the order of the ids, a bounded number of them in memory; unknown ids are left out."""
        collection = self._collection(kind)
        for batch in batches_of(ids, READ_AT_ONCE):
            found = self._call(partial(_find, collection, batch))
            for identity in batch:
                if document := found.get(identity):
                    yield by_name(dict(document), self._sensors) if "sensors" in document else _unescaped(document)

    def keep_outcomes(self, outcomes: Iterable[Outcome]) -> int:
        """Write those outcomes whose `_id` is not there yet; how many these were. Safe to repeat, as `insert`."""
        collection, kept = self._database[OUTCOMES], 0
        for batch in batches_of((dict(each) for each in outcomes), INSERTED_AT_ONCE):
            kept += len(batch) - len(self._call(partial(_insert_new, collection, batch)))
        return kept

    def outcomes_of(self, wafers: Iterable[str]) -> Iterator[Outcome]:
        """Every outcome that is known of these wafers, in no order, a bounded number of them in memory."""
        for batch in batches_of(wafers, READ_AT_ONCE):
            yield from self._call(partial(_all_of, self._database[OUTCOMES], batch))

    def count(self, kind: str) -> int:
        """How many documents of a kind there are, of all runs."""
        return self._call(partial(self._collection(kind).count_documents, {}))

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _keep_names(self, rows: DocumentRows) -> None:
        if rows.digest not in self._named:
            kept = {"_id": rows.digest, "names": list(rows.sensors)}
            self._call(partial(_insert_new, self._database[SENSORS], [kept]))
            self._named[rows.digest] = list(rows.sensors)

    def _sensors(self, digest: str) -> list[str]:
        if digest not in self._named:
            kept = self._call(partial(self._database[SENSORS].find_one, {"_id": digest}))
            if not kept:
                raise DocumentsUnavailable(
                    f"MongoDB at {self._address} lacks the names of sensors {digest}. Restore the collection {SENSORS}."
                )
            self._named[digest] = kept["names"]
        return self._named[digest]

    def _collection(self, kind: str) -> Collection[Any]:
        return self._database[collection_of(kind)]

    def _make_indexes(self) -> None:
        """Besides `_id`, what a person looks a document up by: the wafer, and the file it came in."""
        try:
            for kind in KINDS:
                for field in ("wafer", "sha256"):
                    self._call(partial(self._collection(kind).create_index, field))
            self._call(partial(self._database[OUTCOMES].create_index, "wafer"))
        except DocumentsUnavailable:
            self.close()
            raise

    def _again(self, action: Callable[[], T]) -> T:
        pause = wait_random_exponential(multiplier=0.2, max=2)
        again = retry_if_exception(_passes)
        with waiting_for(f"MongoDB at {self._address}"):
            return Retrying(retry=again, stop=stop_after_delay(self._patience.repeat), wait=pause, reraise=True)(action)

    def _call(self, action: Callable[[], T]) -> T:
        try:
            return self._again(action)
        except PyMongoError as exc:
            raise DocumentsUnavailable(_sentence(exc, self._address)) from exc


def _timeouts(patience: Patience) -> dict[str, int]:
    """Milliseconds; a large insert takes a slow server longer than other calls."""
    connect, read = int(1000 * patience.connect), int(2000 * patience.read)
    return {"serverSelectionTimeoutMS": connect, "connectTimeoutMS": connect, "socketTimeoutMS": read}


def _stored(rows: DocumentRows, kind: str) -> Iterator[Stored]:
    for head, row in zip(rows.heads(kind), rows.readings, strict=True):
        readings = [None if isnan(value) else value for value in row.tolist()]
        yield {**head, "sensors": rows.digest, "readings": readings}


def _insert_new(collection: Collection[Any], documents: list[Stored]) -> list[str]:
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


def _find(collection: Collection[Any], ids: list[str]) -> Stored:
    return {document["_id"]: document for document in collection.find({"_id": {"$in": ids}})}


def _all_of(collection: Collection[Any], wafers: list[str]) -> list[Any]:
    return list(collection.find({"wafer": {"$in": wafers}}))


def _is_lookup(failure: BaseException) -> bool:
    """Whether the name behind a `mongodb+srv://` address could not be looked up, which pymongo calls configuration."""
    return isinstance(failure, ConfigurationError) and type(failure.__cause__).__module__.startswith("dns.")


def _passes(failure: BaseException) -> bool:
    if _is_lookup(failure) or isinstance(failure, (AutoReconnect, ExecutionTimeout, WTimeoutError)):
        return True
    return isinstance(failure, PyMongoError) and failure.has_error_label("RetryableWriteError")


def _sentence(failure: PyMongoError, address: str) -> str:
    if isinstance(failure, OperationFailure) and failure.code in _REFUSED:
        return f"MongoDB at {address} refused the user: {failure}. Check user, password and authSource in MONGODB_URI."
    reason = failure.details if isinstance(failure, BulkWriteError) else failure
    return f"MongoDB at {address} could not be used: {str(reason)[:500]}. Check MONGODB_URI and the server."


def _unescaped(document: Document) -> Document:
    """A document of an earlier version: its fields have no dot and no leading dollar."""
    return {**document, "readings": {_unquoted(name): value for name, value in document["readings"].items()}}


@cache
def _unquoted(field: str) -> str:
    return unquote(field)
