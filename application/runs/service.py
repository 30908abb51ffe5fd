"""From a request to a run: claim it in the ledger, start it on the backend, record what became of it.

A run is claimed before anything starts, and a start names the run, so whoever dies in between leaves a run that the
next request or the next look around (`tick`) starts, once. What a run did is never remembered here: ledger, backend
and store are asked.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from application.api.metrics import Metrics
from application.api.sources import Sources
from application.backends.base import Backend, Status
from application.errors import RunNotCancellable, TrainingRunning
from application.runs.ledger.protocol import EXCLUSIVE, ClaimKey, Entry, Ledger, Page, Wanted
from application.runs.request import new_request
from application.runs.settling import Settler, handle, now
from application.runs.starting import Starter
from wafer.errors import RunNotFound, RunNotRetryable, WaferError
from wafer.runs import Pipeline

ADOPT_SECONDS = 2.0  # between two looks for a run that nobody here knows


@dataclass(frozen=True, slots=True)
class Order:
    """What a caller asks for: `source` as it names it, `parameters` complete."""

    pipeline: Pipeline
    source: str
    parameters: Mapping[str, Any]

    def fingerprint(self) -> str:
        """The same for the same request."""
        text = json.dumps([self.pipeline, self.source, dict(self.parameters)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Limits:
    """Runs at once (0: as many as come), how long a key is remembered, how long a start may take; in seconds."""

    at_once: int
    key_seconds: float
    lease_seconds: float


class Runs:
    """Submits, cancels and retries runs; any number of processes may do so over one ledger."""

    def __init__(self, ledger: Ledger, backend: Backend, sources: Sources, metrics: Metrics, limits: Limits) -> None:
        self._ledger = ledger
        self._backend = backend
        self._sources = sources
        self._key_seconds = limits.key_seconds
        self._settler = Settler(ledger, backend, metrics)
        self._starter = Starter(ledger, backend, metrics, self._settler, limits.at_once, limits.lease_seconds)
        self._seen: set[str] = set()
        self._adopted = -ADOPT_SECONDS

    def submit(self, order: Order, *, by: str, key: str | None = None) -> Entry:
        """Claim a run and start it as soon as there is a place; with a key used before, the run of that time.

        Raises `SourceNotAllowed`, `SourceNotFound`, `SourceEmpty`, `IdempotencyKeyReused`, `TrainingRunning`.
        """
        moment = time.time()
        claim = self._claim_key(order, by, key, moment) if key else None
        earlier = self._ledger.known(claim, now=moment) if claim else None
        entry = earlier or self._claim(order, by, claim, moment)
        self._starter.start_waiting()
        return self.entry(entry.run_id)

    def entry(self, run_id: str) -> Entry:
        """A run as the ledger knows it; one started elsewhere is written down first. Raises `RunNotFound`."""
        found = self._ledger.get(run_id)
        if not found and time.monotonic() - self._adopted > ADOPT_SECONDS:
            self.adopt()
            found = self._ledger.get(run_id)
        if not found:
            raise RunNotFound(f"There is no run {run_id}.")
        return found

    def page(self, wanted: Wanted) -> Page:
        """A page of the history, newest first."""
        return self._ledger.page(wanted)

    def active(self) -> list[Entry]:
        """Every run that has not ended."""
        return self._ledger.active()

    def look(self, entry: Entry) -> tuple[Entry, Status | None]:
        """A run as it is now, and where it stands on its backend."""
        return self._settler.look(entry)

    def cancel(self, run_id: str, *, by: str) -> Entry:
        """End a run. Raises `RunNotFound`, and `RunNotCancellable` when it has ended."""
        entry, _ = self.look(self.entry(run_id))
        while entry.active:
            changes: dict[str, Any] = {"cancelled_by": by}
            if entry.state == "queued":
                changes |= {"state": "cancelled", "finished": now()}
            changed = self._ledger.change(entry, **changes)
            if changed and changed.state == "running":
                self._backend.cancel(handle(changed))
                return self.look(changed)[0]
            if changed:
                return changed
            entry = self.entry(run_id)
        raise RunNotCancellable(f"Run {run_id} has {entry.state} already.")

    def retry(self, run_id: str) -> Entry:
        """Let a run that failed or was cancelled go on from its finished stages. Raises `RunNotRetryable`."""
        entry, _ = self.look(self.entry(run_id))
        if entry.active:
            raise RunNotRetryable(f"Run {run_id} is still running; wait for it or cancel it first.")
        if entry.state == "succeeded":
            raise RunNotRetryable(f"Run {run_id} succeeded; there is nothing to retry. Start a new run instead.")
        self._require_alone(entry.pipeline)
        fresh: dict[str, Any] = {"finished": "", "cancelled_by": "", "error": {}, "failed_starts": 0}
        if not self._ledger.change(entry, state="queued", attempt=entry.attempt + 1, **fresh):
            raise RunNotRetryable(f"Run {run_id} was changed by somebody else this moment; look at it again.")
        self._starter.start_waiting()
        return self.entry(run_id)

    def tick(self) -> None:
        """Settle what has ended, start what waits."""
        for entry in self._ledger.active():
            try:
                self.look(entry)
            except WaferError as error:  # the others can still be looked at
                structlog.get_logger().warning("run.look_failed", run_id=entry.run_id, code=error.code)
        self._starter.start_waiting()

    def adopt(self) -> None:
        """Write down the runs that were started at the command line or on Kubeflow's own page."""
        self._adopted = time.monotonic()
        where = "command line" if self._backend.name == "embedded" else "kubeflow"
        for found in self._backend.recent(self._seen):
            request = found.request
            if self._ledger.get(request.run_id) is None:
                created = _moment(request.created)
                entry = Entry(request.run_id, request.pipeline, request.source, request.parameters, created, where)
                self._ledger.adopt(entry.next(state="running", native_id=found.native_id, started=created))
            self._seen.add(request.run_id)

    def check(self) -> None:
        """Raise unless a run could be claimed and started now."""
        self._ledger.check()
        self._backend.check()

    def _claim(self, order: Order, by: str, claim: ClaimKey | None, moment: float) -> Entry:
        source = self._sources.batches(order.source, order.pipeline)
        parameters = dict(order.parameters)
        for name in ("schema", "policy"):
            if parameters.get(name):
                parameters[name] = self._sources.file(parameters[name])
        self._sources.require_batches(source, order.source)
        request = new_request(order.pipeline, source, parameters)
        wanted = Entry(request.run_id, request.pipeline, source, parameters, request.created, by)
        try:
            self._require_alone(order.pipeline)
            entry = self._ledger.claim(wanted, claim, now=moment)
        except TrainingRunning:
            earlier = self._ledger.known(claim, now=moment) if claim else None
            if not earlier:
                raise
            return earlier  # the same request, which came through another door this moment
        if entry.run_id == wanted.run_id:
            structlog.get_logger().info("run.claimed", run_id=entry.run_id, pipeline=entry.pipeline, by=by)
        return entry

    def _claim_key(self, order: Order, by: str, key: str, moment: float) -> ClaimKey:
        digest = hashlib.sha256(f"{by}\n{key}".encode()).hexdigest()
        return ClaimKey(digest, order.fingerprint(), moment + self._key_seconds)

    def _require_alone(self, pipeline: Pipeline) -> None:
        """Refuse a second exclusive run, after a look whether the first one still lives."""
        if pipeline not in EXCLUSIVE:
            return
        self.adopt()
        for entry in self._ledger.active():
            if entry.pipeline == pipeline and self.look(entry)[0].active:
                raise TrainingRunning(entry.run_id)


def _moment(text: str) -> str:
    """A time in the ledger's own form, whatever precision its source had."""
    return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="milliseconds") if text else now()
