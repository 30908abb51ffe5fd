"""The one way to run: claim a run in the ledger, start it on its backend, follow it, record what became of it.

A run is claimed before anything starts, and a start names the run, so whoever dies in between leaves a run that the
next request or the next look around (`tick`) starts, once. What a run did is never remembered here: ledger, backend
and store are asked. The command line and the HTTP routes both call this.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import structlog

from application.backends.base import Backends
from application.errors import NotRemovable, RunNotCancellable, TrainingRunning
from application.runs.keys import KEY_SECONDS, Keys
from application.runs.ledger.protocol import Ledger, Page, Wanted
from application.runs.log import LogLine
from application.runs.revisits import LOOK_BACK, Revisits
from application.runs.run import Run, now
from application.runs.settling import Observer, Settler, Unobserved
from application.runs.starting import Starter
from wafer.errors import ObjectNotFound, RunNotFound, RunNotRetryable, WaferError
from wafer.runs import TaskRecord, task_records
from wafer.store import Store

ADOPT_SECONDS = 2.0  # between two looks for a run that nobody here knows
PATIENCE = 300.0  # seconds that a follower waits for a backend, ledger or store that does not answer
EVERY = 200  # runs a page, where all of them are wanted


class Runs:
    """Starts, follows, cancels, retries and lists runs; any number of processes may do so over one ledger."""

    def __init__(
        self,
        ledger: Ledger,
        backends: Backends,
        store: Store,
        observer: Observer | None = None,
        key_seconds: float = KEY_SECONDS,
        look_back: float = LOOK_BACK,
    ) -> None:
        self._ledger = ledger
        self._backends = backends
        self._store = store
        self._keys = Keys(key_seconds)
        observer = observer or Unobserved()
        self._settler = Settler(ledger, backends, observer)
        self._starter = Starter(ledger, backends, observer, self._settler)
        self._revisits = Revisits(ledger, backends, self._settler, look_back)
        self._seen: set[str] = set()
        self._adopted = -ADOPT_SECONDS

    def start(self, run: Run, *, key: str | None = None) -> Run:
        """Claim a run and start it as soon as there is a place; with a key used before, the run of that time.

        Raises `IdempotencyKeyReused`, `TrainingRunning`.
        """
        claimed = self.earlier(run, key) or self._claim(run, key)
        self._starter.start_waiting()
        return self.find(claimed.run_id)

    def earlier(self, run: Run, key: str | None) -> Run | None:
        """The run that the same caller asked for with the same key. Raises `IdempotencyKeyReused`."""
        claim = self._keys.claim(run, key)
        return self._ledger.known(claim, now=time.time()) if claim else None

    def find(self, run_id: str) -> Run:
        """A run as the ledger knows it, after a look at what was done elsewhere: started there, or retried.

        Raises `RunNotFound`.
        """
        found = self._ledger.get(run_id)
        if not found and time.monotonic() - self._adopted > ADOPT_SECONDS:
            self.adopt()
            found = self._ledger.get(run_id)
        if not found:
            raise RunNotFound(f"There is no run {run_id}; `wafer runs` lists the runs.")
        return self._revisits.of(found)

    def look(self, run: Run) -> Run:
        """A run as it is now, settled if it has ended, with its tasks (none while it waits)."""
        seen = self._settler.look(run)
        if seen.active:
            return seen
        return replace(seen, tasks=tuple(_told(each) for each in task_records(self._store, run.run_id)))

    def follow(self, run_id: str, on_look: Callable[[Run], None]) -> Run:
        """Look at a run until it has ended, and start it when its turn comes; `on_look` gets what was seen."""
        run, heard = self.find(run_id), time.monotonic()
        while True:
            try:
                run = self._next_look(run)
            except WaferError as error:
                if not error.retry_helps or time.monotonic() - heard > PATIENCE:
                    raise
            else:
                heard = time.monotonic()
                on_look(run)
                if not run.active:
                    return run
            time.sleep(self._backends.of(run).look_seconds)

    def page(self, wanted: Wanted) -> Page:
        """A page of the history, newest first."""
        return self._ledger.page(wanted)

    def history(self) -> Iterator[Run]:
        """Every run, newest first."""
        page = self.page(Wanted(EVERY))
        yield from page.runs
        while page.cursor:
            page = self.page(Wanted(EVERY, page.cursor))
            yield from page.runs

    def active(self) -> list[Run]:
        """Every run that has not ended."""
        return self._ledger.active()

    def cancel(self, run_id: str, *, by: str) -> Run:
        """End a run. Raises `RunNotFound`, and `RunNotCancellable` when it has ended."""
        run = self.look(self.find(run_id))
        while run.active:
            wanted = replace(run, cancelled_by=by)
            if run.state == "queued" and not run.lease_until:
                wanted = replace(wanted, state="cancelled", finished=now())
            changed = self._ledger.change(run, wanted)
            if changed and changed.state == "running":
                self._backends.of(changed).cancel(changed)
                return self.look(changed)
            if changed:
                return changed
            run = self.find(run_id)
        raise RunNotCancellable(f"Run {run_id} has {run.state} already.")

    def retry(self, run_id: str) -> Run:
        """Retry a run that failed or was cancelled; it continues after its finished tasks. Raises `RunNotRetryable`."""
        run = self.look(self.find(run_id))
        if run.active:
            raise RunNotRetryable(f"Run {run_id} is still running; wait for it or cancel it first.")
        if run.state == "removed":
            raise RunNotRetryable(f"Run {run_id} was removed by {run.removed_by}; start a new one.")
        if run.state == "succeeded":
            raise RunNotRetryable(f"Run {run_id} succeeded; there is nothing to retry. Start a new run instead.")
        self._backends.of(run)
        self._require_alone(run)
        if not self._ledger.change(run, run.again("Retried by hand")):
            raise RunNotRetryable(f"Run {run_id} was changed by somebody else this moment; look at it again.")
        self._starter.start_waiting()
        return self.find(run_id)

    def removable(self, run_id: str) -> Run:
        """A run that has ended. Raises `RunNotFound`, and `NotRemovable` for one that is active."""
        run = self.look(self.find(run_id))
        if run.active:
            raise NotRemovable(f"Run {run_id} is {run.state}. Wait for it or cancel it first.")
        return run

    def remove(self, run_id: str, *, by: str) -> Run:
        """Mark a run as removed, so that nothing of it is read or tried again; whoever calls clears the store.

        Raises as `removable` does.
        """
        run = self.removable(run_id)
        if run.state != "removed":
            changed = self._ledger.change(run, run.taken_away(by))
            if not changed:
                raise NotRemovable(f"Run {run_id} was changed by somebody else this moment; look at it again.")
            run = changed
        if backend := self._backends.get(run):
            backend.forget(run)
        return run

    def tick(self) -> None:
        """Settle what has ended, start what waits."""
        self.settle()
        self._starter.start_waiting()

    def look_around(self) -> None:
        """Find what was started elsewhere and settle what has ended, as far as the backends answer."""
        try:
            self.adopt()
        except WaferError as error:
            structlog.get_logger().warning("runs.adopt_failed", message=error.message)
        self._revisits.newest()
        self.settle()

    def revisit(self) -> None:
        """Look again at runs that ended badly: somebody may have retried them on Kubeflow's own page."""
        self._revisits.newest()

    def settle(self) -> None:
        """Look at every active run where we can look; a place that does not answer is asked once."""
        self._settler.all_active()

    def adopt(self) -> None:
        """Write down the runs that were started on Kubeflow's own page."""
        self._adopted = time.monotonic()
        for run in self._backends.chosen.recent(self._seen):
            self._ledger.adopt(replace(run, state="running", started=run.created, revision=1))
            self._seen.add(run.run_id)

    def log(self, run_id: str, task: str = "") -> list[LogLine]:
        """What a run's tasks wrote, or one of them. Raises `RunNotFound`, `ObjectNotFound`."""
        lines = self._backends.of(run := self.find(run_id)).log(run)
        tasks = sorted({line.task for line in lines if line.task})
        if task and lines and task not in tasks:
            raise ObjectNotFound(f"Run {run_id} has no log of a task {task[:80]!r}; it has {', '.join(tasks)}.")
        return [line for line in lines if task in ("", line.task)]

    def schedule(self, cron: str, image: str) -> None:
        """Let the backend of new runs decide about training again at fixed times; empty ends that."""
        self._backends.chosen.schedule(cron, image)

    def check(self) -> None:
        """Raise unless a run could be claimed and started now."""
        self._ledger.check()
        self._backends.chosen.check()

    def _claim(self, run: Run, key: str | None) -> Run:
        claim = self._keys.claim(run, key)
        wanted = replace(run, backend=self._backends.chosen.name)
        try:
            self._require_alone(run)
            claimed = self._ledger.claim(wanted, claim, now=time.time())
        except TrainingRunning:
            earlier = self.earlier(run, key)
            if not earlier:
                raise
            return earlier  # the same request, which came through another door this moment
        if claimed.run_id == run.run_id:
            structlog.get_logger().info("run.claimed", run_id=run.run_id, pipeline=run.pipeline, by=run.requested_by)
        return claimed

    def _require_alone(self, wanted: Run) -> None:
        """Refuse a second exclusive run, after a look whether the first one still lives."""
        if not wanted.lock:
            return
        self.adopt()
        for run in self._ledger.active():
            if run.lock == wanted.lock and self._still_active(run):
                raise TrainingRunning(run.run_id)

    def _still_active(self, run: Run) -> bool:
        return not self._backends.get(run) or self._settler.look(run).active

    def _next_look(self, run: Run) -> Run:
        if run.state == "queued":
            self.tick()
        return self.look(self.find(run.run_id))


def _told(task: TaskRecord) -> TaskRecord:
    """A task of an ended run; one that was killed before it could say so has failed."""
    return task if task.ended else replace(task, state="failed")
