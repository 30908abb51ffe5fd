"""From a request to a run: claim it in the ledger, start it on the backend, record what became of it.

A run is claimed before anything starts, and a start names the run, so whoever dies in between leaves a run that the
next request or the next look around (`tick`) starts, once. What a run did is never remembered here: ledger, backend
and store are asked.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from application.backends.protocol import Backend, Handle, Status
from application.errors import RunNotCancellable, TrainingRunning
from application.ledger.protocol import EXCLUSIVE, ClaimKey, Entry, Ledger, Page, RunState, Wanted
from application.request import new_request
from application.service.metrics import Metrics
from application.service.sources import Sources
from wafer.errors import RunNotFound, RunNotRetryable, WaferError
from wafer.runs import Outcome, Pipeline, StageRecord

LEASE_SECONDS = 60.0  # after which a run that was being started is started by somebody else
ADOPT_SECONDS = 2.0  # between two looks for a run that nobody here knows
FAILED_STARTS = 5  # after which a backend that does not answer fails the run


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
    """Runs at once (0: as many as come), and seconds for which an idempotency key is remembered."""

    at_once: int
    key_seconds: float


class Runs:
    """Submits, cancels, retries and settles runs; any number of processes may do so over one ledger."""

    def __init__(self, ledger: Ledger, backend: Backend, sources: Sources, metrics: Metrics, limits: Limits) -> None:
        self._ledger = ledger
        self._backend = backend
        self._sources = sources
        self._metrics = metrics
        self._limits = limits
        self._seen: set[str] = set()
        self._adopted = -ADOPT_SECONDS

    def submit(self, order: Order, *, by: str, key: str | None = None) -> Entry:
        """Claim a run and start it as soon as there is a place; with a key used before, the run of that time.

        Raises `SourceNotAllowed`, `SourceNotFound`, `SourceEmpty`, `IdempotencyKeyReused`, `TrainingRunning`.
        """
        now = time.time()
        claim = self._claim_key(order, by, key, now) if key else None
        earlier = self._ledger.known(claim, now=now) if claim else None
        entry = earlier or self._claim(order, by, claim, now)
        self._start_waiting()
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

    def look(self, entry: Entry) -> tuple[Entry, Status | None]:
        """A run as it is now, and where it stands on its backend; one that has ended there is settled on the way."""
        if entry.state != "running":
            return entry, None
        try:
            status = self._backend.status(_handle(entry))
        except RunNotFound as error:
            lost = {"code": error.code, "message": error.message, "stage": None, "retry_helps": False}
            return self._end(entry, "failed", lost, (), _now()), None
        return (self._settle(entry, status), status) if status.outcome else (entry, status)

    def cancel(self, run_id: str, *, by: str) -> Entry:
        """End a run. Raises `RunNotFound`, and `RunNotCancellable` when it has ended."""
        entry, _ = self.look(self.entry(run_id))
        while entry.active:
            changes: dict[str, Any] = {"cancelled_by": by}
            if entry.state == "queued":
                changes |= {"state": "cancelled", "finished": _now()}
            changed = self._ledger.change(entry, **changes)
            if changed and changed.state == "running":
                self._backend.cancel(_handle(changed))
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
        self._free_of_ended(entry.pipeline)
        fresh: dict[str, Any] = {"finished": "", "cancelled_by": "", "error": {}, "failed_starts": 0}
        changed = self._ledger.change(entry, state="queued", attempt=entry.attempt + 1, **fresh)
        if not changed:
            raise RunNotRetryable(f"Run {run_id} was changed by somebody else this moment; look at it again.")
        self._start_waiting()
        return self.entry(run_id)

    def tick(self) -> None:
        """Settle what has ended, start what waits, take up what was started elsewhere."""
        for entry in self._ledger.active():
            try:
                self.look(entry)
            except WaferError as error:  # the others can still be looked at
                structlog.get_logger().warning("run.look_failed", run_id=entry.run_id, code=error.code)
        self._start_waiting()

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

    def active(self) -> list[Entry]:
        """Every run that has not ended."""
        return self._ledger.active()

    def check(self) -> None:
        """Raise unless a run could be claimed and started now."""
        self._ledger.check()
        self._backend.check()

    def _claim(self, order: Order, by: str, claim: ClaimKey | None, now: float) -> Entry:
        source = self._sources.batches(order.source, order.pipeline)
        parameters = dict(order.parameters)
        for name in ("schema", "policy"):
            if parameters.get(name):
                parameters[name] = self._sources.file(parameters[name])
        self._sources.require_batches(source, order.source)
        self._free_of_ended(order.pipeline)
        request = new_request(order.pipeline, source, parameters)
        wanted = Entry(request.run_id, request.pipeline, source, parameters, request.created, by)
        entry = self._ledger.claim(wanted, claim, now=now)
        if entry.run_id == wanted.run_id:
            structlog.get_logger().info("run.claimed", run_id=entry.run_id, pipeline=entry.pipeline, by=by)
        return entry

    def _claim_key(self, order: Order, by: str, key: str, now: float) -> ClaimKey:
        digest = hashlib.sha256(f"{by}\n{key}".encode()).hexdigest()
        return ClaimKey(digest, order.fingerprint(), now + self._limits.key_seconds)

    def _free_of_ended(self, pipeline: Pipeline) -> None:
        """Refuse a second exclusive run, after a look whether the first one still lives."""
        if pipeline not in EXCLUSIVE:
            return
        self.adopt()
        for entry in self._ledger.active():
            if entry.pipeline == pipeline and self.look(entry)[0].active:
                raise TrainingRunning(entry.run_id)

    def _start_waiting(self) -> None:
        active = self._ledger.active()
        places = self._limits.at_once - sum(entry.state == "running" for entry in active)
        for entry in active:
            due = entry.state == "queued" or (entry.state == "starting" and entry.lease_until <= time.time())
            if entry.state == "starting" and not due:
                places -= 1
            elif due and (places > 0 or not self._limits.at_once):
                places -= 1
                self._start(entry)

    def _start(self, entry: Entry) -> None:
        """Start a run that waits; whoever gets the lease does it."""
        mine = self._ledger.change(entry, state="starting", lease_until=time.time() + LEASE_SECONDS)
        if not mine:
            return
        log = structlog.get_logger().bind(run_id=entry.run_id, pipeline=entry.pipeline)
        try:
            native_id = self._on_backend(mine)
        except WaferError as error:
            log.warning("run.start_failed", code=error.code, message=error.message)
            self._not_started(mine, error)
            return
        log.info("run.started", attempt=mine.attempt)
        self._metrics.started(mine)
        self._running(mine, native_id)

    def _on_backend(self, entry: Entry) -> str:
        if entry.attempt == 1 or not entry.native_id:
            return self._backend.start(entry.request())
        self._backend.retry(_handle(entry))
        return entry.native_id

    def _running(self, mine: Entry, native_id: str) -> None:
        now = _now()
        changed = self._ledger.change(mine, state="running", native_id=native_id, started=now)
        if not changed:  # somebody cancelled it while it was being started
            changed = self._ledger.change(self.entry(mine.run_id), state="running", native_id=native_id, started=now)
        if changed and changed.cancelled_by:
            self._backend.cancel(_handle(changed))

    def _not_started(self, mine: Entry, error: WaferError) -> None:
        failed = mine.failed_starts + 1
        if error.retry_helps and failed < FAILED_STARTS and not mine.cancelled_by:
            self._ledger.change(mine, state="queued", failed_starts=failed)
            return
        said = {"code": error.code, "message": error.message, "stage": None, "retry_helps": error.retry_helps}
        self._end(mine, "failed", said, (), _now())

    def _settle(self, entry: Entry, status: Status) -> Entry:
        outcome = status.outcome
        if not outcome:
            return entry
        state: RunState = "succeeded" if outcome.state == "succeeded" else "failed"
        if state == "failed" and entry.cancelled_by:
            state = "cancelled"
        error = _error(outcome) if state == "failed" else {}
        return self._end(entry, state, error, status.stages, _finished(status))

    def _end(
        self, entry: Entry, state: RunState, error: Mapping[str, Any], stages: tuple[StageRecord, ...], finished: str
    ) -> Entry:
        changed = self._ledger.change(entry, state=state, finished=finished, error=dict(error))
        if not changed:
            return self.entry(entry.run_id)
        self._metrics.ended(changed, stages)
        structlog.get_logger().info(
            "run.finished", run_id=entry.run_id, pipeline=entry.pipeline, state=state, code=error.get("code", "")
        )
        return changed


def _handle(entry: Entry) -> Handle:
    return Handle(entry.run_id, entry.pipeline, entry.native_id)


def _error(outcome: Outcome) -> dict[str, Any]:
    if not outcome.error:
        return {"code": "INTERNAL", "message": "The run ended without a result.", "stage": None, "retry_helps": False}
    return {**asdict(outcome.error), "stage": outcome.failed_stage}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _finished(status: Status) -> str:
    """When the last stage ended: a run may be looked at for the first time long after."""
    ends = [stage.started + stage.seconds for stage in status.stages if stage.state != "running" and stage.started]
    return datetime.fromtimestamp(max(ends), UTC).isoformat(timespec="milliseconds") if ends else _now()


def _moment(text: str) -> str:
    """A time in the ledger's own form, whatever precision its source had."""
    return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="milliseconds") if text else _now()
