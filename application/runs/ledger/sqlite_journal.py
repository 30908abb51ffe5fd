"""The journal in the file of the SQLite ledger."""

from dataclasses import replace
from pathlib import Path

from application.runs.ledger.journal import Entry, Topic
from application.runs.ledger.sqlite_file import SQLiteFile

_TABLES = """
CREATE TABLE IF NOT EXISTS journal (
    topic TEXT NOT NULL, name TEXT NOT NULL, at TEXT NOT NULL, content TEXT NOT NULL, due REAL,
    revision INTEGER NOT NULL, PRIMARY KEY (topic, name)
);
CREATE INDEX IF NOT EXISTS journal_history ON journal (topic, at, name);
CREATE INDEX IF NOT EXISTS journal_open ON journal (topic, at, name) WHERE due IS NOT NULL;
"""
_ENTRY = "SELECT topic, name, at, content, due, revision FROM journal"


class SQLiteJournal(SQLiteFile):
    """A `Journal` in a file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, _TABLES)

    def add(self, entry: Entry) -> bool:
        """Write an entry down."""
        row = (entry.topic, entry.name, entry.at, entry.content, entry.due, entry.revision)
        with self._writing():
            done = self._connection.execute("INSERT OR IGNORE INTO journal VALUES (?, ?, ?, ?, ?, ?)", row)
        return done.rowcount == 1

    def get(self, topic: Topic, name: str) -> Entry | None:
        """One entry."""
        with self._reading():
            row = self._connection.execute(f"{_ENTRY} WHERE topic = ? AND name = ?", (topic, name)).fetchone()
        return Entry(*row) if row else None

    def change(self, entry: Entry, changed: Entry) -> Entry | None:
        """Change an entry unless somebody did since it was read."""
        changed = replace(changed, revision=entry.revision + 1)
        with self._writing():
            done = self._connection.execute(
                "UPDATE journal SET content = ?, due = ?, revision = ? WHERE topic = ? AND name = ? AND revision = ?",
                (changed.content, changed.due, changed.revision, entry.topic, entry.name, entry.revision),
            )
        return changed if done.rowcount == 1 else None

    def open(self, topic: Topic) -> list[Entry]:
        """Every entry that is still to be worked on."""
        with self._reading():
            rows = self._connection.execute(
                f"{_ENTRY} WHERE topic = ? AND due IS NOT NULL ORDER BY at, name", (topic,)
            ).fetchall()
        return [Entry(*row) for row in rows]

    def newest(self, topic: Topic, limit: int) -> list[Entry]:
        """The newest entries."""
        with self._reading():
            rows = self._connection.execute(
                f"{_ENTRY} WHERE topic = ? ORDER BY at DESC, name DESC LIMIT ?", (topic, limit)
            ).fetchall()
        return [Entry(*row) for row in rows]
