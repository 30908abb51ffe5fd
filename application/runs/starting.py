"""Starting the runs that wait: who gets a run's lease starts it, and a lease that ran out is anybody's."""

import time
from contextlib import suppress

import structlog

from application.api.metrics import Metrics
from application.backends.base import Backend
from application.runs.ledger.protocol import Entry, Ledger
from application.runs.settling import Settler, handle, now
from wafer.errors import RunNotRetryable, WaferError

FAILED_STARTS = 5  # after which a backend that does not answer fails the run


class Starter:
    """Starts waiting runs, oldest first, at most `at_once` of them side by side (0: as many as come)."""

    def __init__(
        self, ledger: Ledger, backend: Backend, metrics: Metrics, settler: Settler, at_once: int, lease_seconds: float
    ) -> None:
        self._ledger = ledger
        self._backend = backend
        self._metrics = metrics
        self._settler = settler
        self._at_once = at_once
        self._lease_seconds = lease_seconds

    def start_waiting(self) -> None:
        """Start what waits and has a place."""
        active = self._ledger.active()
        waiting = [entry for entry in active if _waits(entry)]
        places = self._at_once - (len(active) - len(waiting)) if self._at_once else len(waiting)
        for entry in waiting[: max(places, 0)]:
            self._start(entry)

    def _start(self, entry: Entry) -> None:
        mine = self._ledger.change(entry, state="starting", lease_until=time.time() + self._lease_seconds)
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
        with suppress(RunNotRetryable):  # whoever had the lease before retried it: it goes on, or has succeeded since
            self._backend.retry(handle(entry))
        return entry.native_id

    def _running(self, mine: Entry, native_id: str) -> None:
        changes = {"state": "running", "native_id": native_id, "started": now()}
        changed = self._ledger.change(mine, **changes)
        if not changed:  # somebody cancelled it while it was being started
            newer = self._ledger.get(mine.run_id)
            changed = self._ledger.change(newer, **changes) if newer and newer.active else None
        if changed and changed.cancelled_by:
            self._backend.cancel(handle(changed))

    def _not_started(self, mine: Entry, error: WaferError) -> None:
        failed = mine.failed_starts + 1
        if error.retry_helps and failed < FAILED_STARTS and not mine.cancelled_by:
            self._ledger.change(mine, state="queued", failed_starts=failed)
        else:
            self._settler.give_up(mine, error)


def _waits(entry: Entry) -> bool:
    """Whether a run can be started now: it is queued, or whoever was starting it died."""
    return entry.state == "queued" or (entry.state == "starting" and entry.lease_until <= time.time())
