"""Looking at a run on its backend, and writing down how it ended: whoever sees it first does, once."""

from dataclasses import replace
from typing import Protocol

import structlog

from application.backends.base import Backends
from application.errors import BackendUnavailable, TrainingRunning
from application.runs.ledger.protocol import Ledger
from application.runs.run import BackendName, Run
from wafer.errors import RunNotFound, WaferError


class Observer(Protocol):
    """Counts what happens to runs."""

    def started(self, run: Run) -> None:
        """A run was started on its backend."""

    def ended(self, run: Run) -> None:
        """A run has ended, with its tasks."""


class Unobserved:
    """Counts nothing."""

    def started(self, run: Run) -> None:
        """Let it pass."""

    def ended(self, run: Run) -> None:
        """Let it pass."""


class Settler:
    """Settles runs that have ended."""

    def __init__(self, ledger: Ledger, backends: Backends, observer: Observer) -> None:
        self._ledger = ledger
        self._backends = backends
        self._observer = observer

    def all_active(self) -> None:
        """Look at every active run where we can look; a place that does not answer is asked once."""
        away: set[BackendName] = set()
        for run in self._ledger.active():
            backend = self._backends.get(run)
            if not backend or backend.name in away:
                continue
            try:
                self.look(run)
            except WaferError as error:  # the others can still be looked at
                structlog.get_logger().warning("run.look_failed", run_id=run.run_id, message=error.message)
                if isinstance(error, BackendUnavailable):
                    away.add(backend.name)

    def look(self, run: Run) -> Run:
        """A run as it is now, with its tasks while it runs; one that has ended on its backend is settled first."""
        if run.state != "running":
            return run
        try:
            seen = self._backends.of(run).look(run)
        except RunNotFound as error:
            return self.end(run, run.failed(error))
        return seen if seen.active else self._retried(run, seen) or self.end(run, seen)

    def _retried(self, run: Run, ended: Run) -> Run | None:
        """The run as it waits for its next attempt, if a task of it failed and another try may help."""
        error = ended.error
        if not error or not error.stage or not error.retry_helps or run.cancelled_by:
            return None
        if run.attempt > self._backends.of(run).auto_retries:
            return None
        structlog.get_logger().info("run.retried", run_id=run.run_id, pipeline=run.pipeline, code=error.code)
        return self._ledger.change(run, ended.again("Retried by itself"))

    def look_again(self, run: Run) -> Run:
        """A run that ended badly as it is now, taken up again if somebody retried it on its backend."""
        going = replace(run.again("Retried on Kubeflow's page"), state="running")
        try:
            seen = self._backends.of(run).look(going)
        except RunNotFound:
            return run
        if seen.active:
            return self._taken_up(run, going)
        failed_anew = seen.error != run.error and seen.finished > run.finished
        return self.end(going, seen) if seen.state == "succeeded" or failed_anew else run

    def _taken_up(self, run: Run, going: Run) -> Run:
        log = structlog.get_logger().bind(run_id=run.run_id, pipeline=run.pipeline)
        try:
            changed = self._ledger.change(run, going)
        except TrainingRunning as error:  # it is followed when it has ended
            log.warning("run.retried_meanwhile", message=error.message)
            return run
        log.info("run.retried_elsewhere", attempt=going.attempt)
        return changed or self._ledger.get(run.run_id) or run

    def give_up(self, run: Run, error: WaferError) -> Run:
        """Fail a run that could not be started."""
        return self.end(run, run.failed(error))

    def end(self, run: Run, ended: Run) -> Run:
        """Write down how a run ended, unless somebody else did; the run as the ledger has it then."""
        if ended.state == "failed" and run.cancelled_by:
            ended = replace(ended, state="cancelled")
        changed = self._ledger.change(run, ended)
        if not changed:
            return self._ledger.get(run.run_id) or run
        self._observer.ended(changed)
        code = changed.error.code if changed.error else ""
        structlog.get_logger().info(
            "run.finished", run_id=run.run_id, pipeline=run.pipeline, state=changed.state, code=code
        )
        return changed
