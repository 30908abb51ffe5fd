"""The ledger in one SQLite file, for an installation on one machine."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from application.errors import IdempotencyKeyReused, TrainingRunning
from application.runs.ledger.protocol import ClaimKey, Page, Wanted, cursor_of, position_of
from application.runs.ledger.sqlite_file import SQLiteFile
from application.runs.run import Run
from wafer.built_in import BUILT_IN

_TABLES = """
CREATE TABLE IF NOT EXISTS runs (
    run_id TEXT PRIMARY KEY, position TEXT NOT NULL, pipeline TEXT NOT NULL, state TEXT NOT NULL,
    active INTEGER NOT NULL, revision INTEGER NOT NULL, entry TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS history ON runs (position);
CREATE INDEX IF NOT EXISTS under_way ON runs (active) WHERE active = 1;
CREATE TABLE IF NOT EXISTS keys (
    digest TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, run_id TEXT NOT NULL, expires_at REAL NOT NULL
);
"""


class SQLiteLedger(SQLiteFile):
    """A `Ledger` in a file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, _TABLES)

    def import_once(self, earlier: Callable[[], Iterable[Run]]) -> None:
        """Write down the runs that are older than this file, the first time it is opened."""
        with self._reading():
            (done,) = self._connection.execute("PRAGMA user_version").fetchone()
        if done:
            return
        for run in earlier():
            self.adopt(run)
        with self._writing():
            self._connection.execute("PRAGMA user_version = 1")

    def claim(self, run: Run, key: ClaimKey | None, *, now: float) -> Run:
        """Write a new run down, or give back the one that the key stands for."""
        with self._writing():
            if key:
                earlier = self._known(key, now)
                if earlier:
                    return earlier
                self._connection.execute("DELETE FROM keys WHERE expires_at <= ?", (now,))
                self._connection.execute(
                    "INSERT INTO keys VALUES (?, ?, ?, ?)", (key.digest, key.fingerprint, run.run_id, key.expires_at)
                )
            self._exclude(run)
            self._write(run)
        return run

    def adopt(self, run: Run) -> bool:
        """Write down a run that was started elsewhere."""
        with self._writing():
            if self._get(run.run_id):
                return False
            self._write(run)
        return True

    def known(self, key: ClaimKey, *, now: float) -> Run | None:
        """The run of a key that was used before."""
        with self._writing():
            return self._known(key, now)

    def get(self, run_id: str) -> Run | None:
        """One run."""
        with self._reading():
            return self._get(run_id)

    def change(self, run: Run, changed: Run) -> Run | None:
        """Write a change if nobody changed the run since it was read."""
        changed = replace(changed, revision=run.revision + 1)
        with self._writing():
            stored = self._get(run.run_id)
            if not stored or stored.revision != run.revision:
                return None
            if changed.active and not run.active:
                self._exclude(changed)
            self._write(changed)
        return changed

    def page(self, wanted: Wanted) -> Page:
        """A page of the history."""
        before = position_of(wanted.cursor) if wanted.cursor else "~"
        asked = (wanted.pipeline, wanted.pipeline, wanted.state, wanted.state)
        with self._reading():
            rows = self._connection.execute(
                "SELECT entry FROM runs WHERE position < ? AND (? IS NULL OR pipeline = ?) AND (? IS NULL OR state = ?)"
                " AND (? IS NULL OR COALESCE(json_extract(entry, '$.parameters.contract'), ?) = ?)"
                " ORDER BY position DESC LIMIT ?",
                (before, *asked, wanted.contract, BUILT_IN, wanted.contract, wanted.limit + 1),
            ).fetchall()
        runs = tuple(Run.from_json(text) for (text,) in rows[: wanted.limit])
        return Page(runs, cursor_of(runs[-1].position) if len(rows) > wanted.limit else "")

    def active(self) -> list[Run]:
        """Every run that has not ended, oldest first."""
        with self._reading():
            rows = self._connection.execute("SELECT entry FROM runs WHERE active = 1 ORDER BY position").fetchall()
        return [Run.from_json(text) for (text,) in rows]

    def check(self) -> None:
        """Take the write lock for a moment."""
        with self._writing():
            pass

    def _get(self, run_id: str) -> Run | None:
        row = self._connection.execute("SELECT entry FROM runs WHERE run_id = ?", (run_id,)).fetchone()
        return Run.from_json(row[0]) if row else None

    def _known(self, key: ClaimKey, now: float) -> Run | None:
        row = self._connection.execute(
            "SELECT fingerprint, run_id FROM keys WHERE digest = ? AND expires_at > ?", (key.digest, now)
        ).fetchone()
        if row and row[0] != key.fingerprint:
            raise IdempotencyKeyReused
        return self._get(row[1]) if row else None

    def _exclude(self, run: Run) -> None:
        if not run.lock:
            return
        rows = self._connection.execute(
            "SELECT entry FROM runs WHERE active = 1 AND pipeline = ? AND run_id != ? ORDER BY position",
            (run.pipeline, run.run_id),
        )
        for other in (Run.from_json(text) for (text,) in rows):
            if other.lock == run.lock:
                raise TrainingRunning(other.run_id)

    def _write(self, run: Run) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                run.run_id,
                run.position,
                run.pipeline,
                run.state,
                int(run.active),
                run.revision,
                run.to_json(),
            ),
        )
