"""The documents in one SQLite file: a table a kind, a document a row, as JSON that any SQLite tool can query.

The readings are an array in the order of their sensors, whose names are kept once (ADR 0020). The view of a kind's
readings, as `training_readings`, has a row for each reading with its sensor's name. Until November 2026 a document held
its readings by their names; these are read, and shown by the view, as well.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from tenacity import retry, retry_if_exception, stop_after_delay, wait_random

from wafer.documents.document import Document, DocumentRows, by_name
from wafer.documents.outcome import Outcome
from wafer.documents.protocol import KINDS, Closing, Inserted, batches_of, collection_of
from wafer.errors import DocumentsUnavailable
from wafer.store.disk import reason

BUSY_SECONDS = 60  # how long a process waits for the others that write
INSERTED_AT_ONCE = 1_024  # documents a transaction, which ends with waiting for the disk
READ_AT_ONCE = 250  # documents a query; 590 readings are about 50 kB in memory
_CREATE = (
    "CREATE TABLE IF NOT EXISTS sensors (digest TEXT PRIMARY KEY, names TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS {kind} (_id TEXT PRIMARY KEY, document TEXT NOT NULL)",
    """CREATE VIEW IF NOT EXISTS {kind}_readings AS
       SELECT _id, document ->> 'wafer' AS wafer, coalesce(names ->> key, key) AS sensor, value AS reading
       FROM {kind}, json_each(document, '$.readings') LEFT JOIN sensors ON digest = document ->> 'sensors'
       WHERE value IS NOT NULL""",
)
_CREATE_OUTCOMES = (
    "CREATE TABLE IF NOT EXISTS outcomes (_id TEXT PRIMARY KEY, wafer TEXT NOT NULL, document TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS outcomes_of_wafer ON outcomes (wafer)",
)
_KEEP = "INSERT INTO outcomes VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_OUTCOMES_OF = "SELECT document FROM outcomes WHERE wafer IN (SELECT value FROM json_each(?))"
_INSERT = "INSERT INTO {kind} VALUES (?, ?) ON CONFLICT DO NOTHING"
_NAME = "INSERT INTO sensors VALUES (?, ?) ON CONFLICT DO NOTHING"
_SELECT = "SELECT _id, document FROM {kind} WHERE _id IN (SELECT value FROM json_each(?))"
_NAMES = "SELECT names FROM sensors WHERE digest = ?"
_COUNT = "SELECT count(*) FROM {kind}"


class SqliteDocuments(Closing):
    """`Documents` in a file, which is made if it is missing; any number of processes may use it at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._named: dict[str, list[str]] = {}  # sensors by the digest of their names
        with self._failures():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = _connect(path)

    def insert(self, kind: str, rows: DocumentRows) -> Inserted:
        """Write those documents whose `_id` is not there yet, in batches; safe to repeat and to run side by side."""
        statement = _on(kind, _INSERT)
        names = orjson.dumps(rows.sensors).decode()
        found = list[str]()
        for batch in batches_of(_stored(rows, kind), INSERTED_AT_ONCE):
            with self._failures(), self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.execute(_NAME, (rows.digest, names))
                found += [row[0] for row in batch if not self._connection.execute(statement, row).rowcount]
        return Inserted(len(rows) - len(found), tuple(found))

    def read(self, kind: str, ids: Iterable[str]) -> Iterator[Document]:
        """Read documents in the order of the ids, a bounded number of them in memory; unknown ids are left out."""
        query = _on(kind, _SELECT)
        for batch in batches_of(ids, READ_AT_ONCE):
            with self._failures():
                found = dict(self._connection.execute(query, [orjson.dumps(batch).decode()]).fetchall())
            yield from (self._document(found[identity]) for identity in batch if identity in found)

    def keep_outcomes(self, outcomes: Iterable[Outcome]) -> int:
        """Write those outcomes whose `_id` is not there yet; how many these were. Safe to repeat, as `insert`."""
        rows = ((each["_id"], each["wafer"], orjson.dumps(each).decode()) for each in outcomes)
        kept = 0
        for batch in batches_of(rows, INSERTED_AT_ONCE):
            with self._failures(), self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                kept += sum(self._connection.execute(_KEEP, row).rowcount for row in batch)
        return kept

    def outcomes_of(self, wafers: Iterable[str]) -> Iterator[Outcome]:
        """Every outcome that is known of these wafers, in no order, a bounded number of them in memory."""
        for batch in batches_of(wafers, READ_AT_ONCE):
            with self._failures():
                found = self._connection.execute(_OUTCOMES_OF, [orjson.dumps(batch).decode()]).fetchall()
            yield from (orjson.loads(text) for (text,) in found)

    def count(self, kind: str) -> int:
        """How many documents of a kind there are, of all runs."""
        with self._failures():
            (number,) = self._connection.execute(_on(kind, _COUNT)).fetchone()
        return int(number)

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def _document(self, text: str) -> Document:
        document: Any = orjson.loads(text)
        return by_name(document, self._sensors) if "sensors" in document else document

    def _sensors(self, digest: str) -> list[str]:
        if digest not in self._named:
            with self._failures():
                (names,) = self._connection.execute(_NAMES, (digest,)).fetchone()
            self._named[digest] = orjson.loads(names)
        return self._named[digest]

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as exc:
            raise DocumentsUnavailable(
                f"The document database {self._path} cannot be used: {reason(exc, self._path)}. "
                "Check the disk's space and permissions, and that the file is a SQLite database; or set MONGODB_URI."
            ) from exc


def _stored(rows: DocumentRows, kind: str) -> Iterator[tuple[str, str]]:
    """Every document's `_id` and its JSON."""
    for head, text in zip(rows.heads(kind), rows.texts, strict=True):
        start = orjson.dumps({**head, "sensors": rows.digest})
        yield head["_id"], (b'%b,"readings":[%b]}' % (start[:-1], text)).decode()


def _on(kind: str, statement: str) -> str:
    """A statement on the table of a kind; names cannot be bound as values are."""
    return statement.replace("{kind}", collection_of(kind))


def _is_locked(failure: BaseException) -> bool:
    return isinstance(failure, sqlite3.Error) and failure.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


@retry(
    retry=retry_if_exception(_is_locked),  # switching to WAL ignores the busy timeout
    stop=stop_after_delay(10),
    wait=wait_random(0.01, 0.1),
    reraise=True,
)
def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        for kind in KINDS:
            for statement in _CREATE:
                connection.execute(_on(kind, statement))
        for statement in _CREATE_OUTCOMES:
            connection.execute(statement)
    except sqlite3.Error:
        connection.close()
        raise
    return connection
