"""One SQLite file that several processes read and write."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from application.errors import LedgerUnavailable
from wafer.errors import DiskUnavailable
from wafer.store.disk import reason

_REFUSED = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR)
_PATIENCE = 10.0  # seconds to wait for another process's write


class SQLiteFile:
    """A connection that threads share; every write is one immediate transaction."""

    def __init__(self, path: Path, tables: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        with self._errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.executescript(tables)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._errors(), self._lock:
            yield

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._errors(), self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._connection.in_transaction:  # a full disk has rolled it back
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            sentence = (
                f"The run ledger {self._path} cannot be used: {reason(error, self._path)}. "
                "Check its folder's space and permissions."
            )
            if getattr(error, "sqlite_errorcode", _REFUSED[0]) & 0xFF in _REFUSED:  # waiting does not help
                raise DiskUnavailable(sentence) from error
            raise LedgerUnavailable(sentence) from error
