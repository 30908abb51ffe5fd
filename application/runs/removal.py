"""Removing runs and batches, by an admin or by age: what they left goes, the line that says who removed what stays."""

import json
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass

import structlog

from application.errors import NotRemovable
from application.runs.ledger.journal import Entry, Journal
from application.runs.run import Run, moment_of, now
from application.runs.service import Runs
from wafer.errors import ObjectNotFound
from wafer.runs import Pipeline
from wafer.store import Store, layout

BY_AGE = "retention"
DAY = 86400.0
MOST = 200  # runs of one sweep


@dataclass(frozen=True, slots=True)
class Removal:
    """One removal: what, by whom, when (ISO 8601 in UTC), how many objects of the store, and their bytes."""

    what: str
    by: str
    at: str
    objects: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Removals:
    """Removes what nobody needs; `produced` names the training of the version in production of a contract."""

    runs: Runs
    store: Store
    journal: Journal
    produced: Callable[[str], Collection[str]]
    days: float

    def run(self, run_id: str, *, by: str) -> Removal:
        """Remove what a run left; a removal that was interrupted is done to its end.

        Raises `RunNotFound`, and `NotRemovable` for a run that is active or made the version in production.
        """
        run = self.runs.removable(run_id)
        if run_id in self.produced(run.contract):
            raise NotRemovable(f"The model of run {run_id} is in production. Promote another version first.")
        folders = _folders(run)
        for folder in folders:  # first, so that a store that lets nobody delete leaves the run as it is
            self.store.delete(f"{folder}/{layout.MARKER}")
        self.runs.remove(run_id, by=by)
        return self._told(run_id, by, [self._clear(folder) for folder in folders])

    def batches(self, pipeline: Pipeline, name: str, *, by: str) -> Removal:
        """Remove a batch set. Raises `ObjectNotFound`, and `NotRemovable` while a run reads it."""
        source = layout.batch_set(pipeline, name)
        address = f"{self.store.uri}/{source}"
        for run in self.runs.active():
            if _overlap(address, run.source):
                raise NotRemovable(f"Run {run.run_id} reads {source}. Wait for it or cancel it first.")
        if not self.store.keys(source):
            raise ObjectNotFound(f"There is no batch set {source}.")
        cleared = self._clear(source)
        self.store.delete(layout.contract_of_set(pipeline, name))
        return self._told(source, by, [cleared])

    def newest(self, limit: int) -> list[Removal]:
        """The newest removals, newest first."""
        return [Removal(**json.loads(each.content)) for each in self.journal.newest("removal", limit)]

    def sweep(self) -> None:
        """Remove ended runs older than the days that are kept, and batch sets that only such runs have read.

        A set with a file that none of them read stays: somebody has added to it since.
        """
        before = moment_of(time.time() - self.days * DAY)
        read: dict[str, set[tuple[str, int]]] = {}
        kept: set[str] = set()
        removed = 0
        for run in self.runs.history():
            if run.state == "removed":
                continue
            if run.active or (run.finished or run.created) >= before or removed == MOST:
                kept.add(run.source)
                continue
            files = self._files(run)
            if not self._is_removed(run):
                kept.add(run.source)
                continue
            read.setdefault(run.source, set()).update(files)
            removed += 1
        for pipeline, name in self._sets(read.keys() - kept):
            source = layout.batch_set(pipeline, name)
            stored = {(each.key.rpartition("/")[2], each.bytes) for each in self.store.keys(source)}
            address = f"{self.store.uri}/{source}"
            if stored <= read[address] and not any(_overlap(address, each) for each in kept):
                with suppress(NotRemovable, ObjectNotFound):
                    self.batches(pipeline, name, by=BY_AGE)

    def _is_removed(self, run: Run) -> bool:
        with suppress(NotRemovable):
            self.run(run.run_id, by=BY_AGE)
            return True
        return False

    def _files(self, run: Run) -> set[tuple[str, int]]:
        """Name and size of every file that a run read, by its manifest."""
        for key in (
            f"{layout.published(run.pipeline, run.run_id)}/{layout.MANIFEST}",
            f"{layout.quarantine(run.run_id)}/{layout.QUARANTINE_MANIFEST}",
        ):
            with suppress(ObjectNotFound):
                return {(each["name"], each["bytes"]) for each in json.loads(self.store.get(key))["files"]}
        return set()

    def _sets(self, sources: set[str]) -> Iterator[tuple[Pipeline, str]]:
        """The batch sets of the store among the sources of runs; other places are not ours."""
        for pipeline, raw in layout.RAW.items():
            start = f"{self.store.uri}/{raw}/"
            for source in sorted(sources):
                name = source.removeprefix(start)
                if source.startswith(start) and name and "/" not in name:
                    yield pipeline, name

    def _clear(self, folder: str) -> tuple[int, int]:
        """Remove a folder, its marker first: a reader sees it whole or not at all. How many objects, and bytes."""
        found = self.store.keys(folder)
        self.store.delete(f"{folder}/{layout.MARKER}")
        self.store.delete_below(folder)
        return len(found), sum(each.bytes for each in found)

    def _told(self, what: str, by: str, cleared: list[tuple[int, int]]) -> Removal:
        objects, size = (sum(each) for each in zip(*cleared, strict=True))
        told = Removal(what, by, now(), objects, size)
        self.journal.add(Entry("removal", f"{what}@{told.at}", told.at, json.dumps(asdict(told))))
        structlog.get_logger().info("audit", action="remove", what=what, by=by, objects=objects, bytes=size)
        return told


def _overlap(one: str, other: str) -> bool:
    """Whether one of two folders is the other, or lies in it."""
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def _folders(run: Run) -> tuple[str, ...]:
    """Where a run's files lie in the store."""
    return layout.published(run.pipeline, run.run_id), layout.quarantine(run.run_id), layout.records(run.run_id)
