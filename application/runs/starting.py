"""Starting the runs that wait: who gets a run's lease starts it, and a lease that ran out is anybody's."""

import time
from contextlib import suppress
from dataclasses import dataclass, replace

import structlog

from application.backends.base import Backend, Backends
from application.errors import BackendUnavailable
from application.runs.ledger.protocol import Ledger
from application.runs.run import Run, now
from application.runs.settling import Observer, Settler
from wafer.errors import RunNotRetryable, WaferError

FAILED_STARTS = 5  # after which a backend that does not answer fails the run


@dataclass(frozen=True, slots=True)
class Starter:
    """Starts waiting runs, oldest first, as many side by side as their backend takes."""

    ledger: Ledger
    backends: Backends
    observer: Observer
    settler: Settler

    def start_waiting(self) -> None:
        """Start what waits and has a place."""
        active = self.ledger.active()
        for backend in self.backends:
            self._start_some(backend, [run for run in active if self.backends.get(run) is backend])

    def _start_some(self, backend: Backend, active: list[Run]) -> None:
        waiting = [run for run in active if _waits(run)]
        places = backend.at_once - (len(active) - len(waiting)) if backend.at_once else len(waiting)
        with suppress(BackendUnavailable):  # whoever waits for this would wait for each of the runs
            for run in waiting[: max(places, 0)]:
                self._start(backend, run)

    def _start(self, backend: Backend, run: Run) -> None:
        """Start a run. Raises `BackendUnavailable`, when that is written down."""
        mine = self.ledger.change(run, replace(run, state="queued", lease_until=time.time() + backend.lease_seconds))
        if not mine:
            return
        log = structlog.get_logger().bind(run_id=run.run_id, pipeline=run.pipeline)
        try:
            native_id = _on_backend(backend, mine)
        except WaferError as error:
            log.warning("run.start_failed", code=error.code, message=error.message)
            self._not_started(mine, error)
            if isinstance(error, BackendUnavailable):
                raise
            return
        log.info("run.started", attempt=mine.attempt)
        self.observer.started(mine)
        self._running(backend, mine, native_id)

    def _running(self, backend: Backend, mine: Run, native_id: str) -> None:
        changed = self.ledger.change(mine, _started(mine, native_id))
        if not changed:  # somebody cancelled it while it was being started
            newer = self.ledger.get(mine.run_id)
            changed = self.ledger.change(newer, _started(newer, native_id)) if newer and newer.active else None
        if changed and changed.cancelled_by:
            backend.cancel(changed)

    def _not_started(self, mine: Run, error: WaferError) -> None:
        failed = mine.failed_starts + 1
        if error.retry_helps and failed < FAILED_STARTS and not mine.cancelled_by:
            self.ledger.change(mine, replace(mine, lease_until=0.0, failed_starts=failed))
        else:
            self.settler.give_up(mine, error)


def _on_backend(backend: Backend, run: Run) -> str:
    if run.attempt == 1 or not run.native_id:
        return backend.start(run)
    with suppress(RunNotRetryable):  # whoever had the lease before retried it: it runs, or has succeeded since
        backend.retry(run)
    return run.native_id


def _started(run: Run, native_id: str) -> Run:
    return replace(run, state="running", native_id=native_id, started=now(), lease_until=0.0)


def _waits(run: Run) -> bool:
    """Whether a run can be started now: nobody starts it, or whoever did died."""
    return run.state == "queued" and run.lease_until <= time.time()
