"""The documents in one SQLite file: a table a kind, a document a row, as JSON that any SQLite tool can query."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self, cast

import orjson
from tenacity import retry, retry_if_exception, stop_after_delay, wait_random

from wafer.contract import KINDS
from wafer.documents.protocol import Document, Inserted, batches_of, collection_of
from wafer.errors import DocumentsUnavailable

BUSY_SECONDS = 60  # how long a process waits for the others that write
BATCH = 250  # documents a transaction or a query; 590 readings are about 50 kB in memory
_CREATE = "CREATE TABLE IF NOT EXISTS {kind} (_id TEXT PRIMARY KEY, document TEXT NOT NULL)"
_INSERT = "INSERT INTO {kind} VALUES (?, ?) ON CONFLICT DO NOTHING"
_SELECT = "SELECT _id, document FROM {kind} WHERE _id IN (SELECT value FROM json_each(?))"
_COUNT = "SELECT count(*) FROM {kind}"


class SqliteDocuments:
    """`Documents` in a file, which is made if it is missing; any number of processes may use it at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._failures():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = _connect(path)

    def insert(self, kind: str, documents: Iterable[Document]) -> Inserted:
        """Write those documents whose `_id` is not there yet, in batches; safe to repeat and to run side by side."""
        statement = _on(kind, _INSERT)
        inserted, found = 0, list[str]()
        for batch in batches_of(documents, BATCH):
            already = self._write(statement, [(document["_id"], orjson.dumps(document).decode()) for document in batch])
            inserted += len(batch) - len(already)
            found += already
        return Inserted(inserted, tuple(found))

    def read(self, kind: str, ids: Iterable[str]) -> Iterator[Document]:
        """Read documents in the order of the ids, a bounded number of them in memory; unknown ids are left out."""
        query = _on(kind, _SELECT)
        for batch in batches_of(ids, BATCH):
            with self._failures():
                found = dict(self._connection.execute(query, [orjson.dumps(batch).decode()]).fetchall())
            wanted = [found[identity] for identity in batch if identity in found]
            yield from cast("list[Document]", orjson.loads(f"[{','.join(wanted)}]"))

    def count(self, kind: str) -> int:
        """How many documents of a kind there are, of all runs."""
        with self._failures():
            (number,) = self._connection.execute(_on(kind, _COUNT)).fetchone()
        return int(number)

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, statement: str, rows: list[tuple[str, str]]) -> list[str]:
        """Insert the rows whose `_id` is new; the ids of the others."""
        with self._failures(), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            return [row[0] for row in rows if not self._connection.execute(statement, row).rowcount]

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as exc:
            raise DocumentsUnavailable(
                f"The document database {self._path} cannot be used: {exc}. Check the disk's space and permissions, "
                f"and that the file is a SQLite database; or set MONGODB_URI."
            ) from exc


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
            connection.execute(_on(kind, _CREATE))
    except sqlite3.Error:
        connection.close()
        raise
    return connection
