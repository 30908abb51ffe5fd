"""The backend on this machine: one worker process a run, which outlives the service that started it."""

import os
import subprocess
from collections.abc import Collection, Sequence

from application.backends.base import BackendName, Found, Handle, Status
from application.backends.local import processes as embedded
from application.errors import BackendUnavailable
from application.runs.request import Request
from wafer.errors import RunNotRetryable
from wafer.runs import stage_records
from wafer.settings import Settings
from wafer.store import open_store

RECENT = 200  # runs; what lies further back is history that the ledger keeps


class EmbeddedBackend:
    """Runs below `WAFER_HOME`; `command` is the worker's, called with run id, pipeline and runner."""

    name: BackendName = "embedded"

    def __init__(self, settings: Settings, command: Sequence[str] = embedded.WORKER) -> None:
        self._settings = settings
        self._command = command
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, request: Request) -> str:
        """Start a run's worker, once."""
        if not embedded.was_started(self._settings, request.run_id):
            try:
                self._keep(embedded.start(self._settings, request, self._command))
            except RunNotRetryable:  # another process of ours was faster
                return request.run_id
            except OSError as error:
                raise BackendUnavailable(f"The run's worker could not be started: {error.strerror}.") from error
        return request.run_id

    def status(self, run: Handle) -> Status:
        """Where the run stands; a worker that is gone without a result left a failed run."""
        request = embedded.read_request(self._settings, run.run_id)
        store = open_store(self._settings.store_uri)
        if embedded.is_alive(self._settings, run.run_id):
            return Status(tuple(stage_records(store, run.run_id)), None)
        self._reap(run.run_id)
        embedded.end_leftovers(run.run_id)
        outcome = embedded.ended(self._settings, request)
        return Status(tuple(stage_records(store, run.run_id)), outcome)

    def cancel(self, run: Handle) -> None:
        """End the worker and every stage process it started."""
        embedded.stop(self._settings, run.run_id)
        self._reap(run.run_id)

    def retry(self, run: Handle) -> None:
        """Start a worker again for a run that failed."""
        if not embedded.is_alive(self._settings, run.run_id):
            self._keep(embedded.retry(self._settings, run.run_id, self._command))

    def recent(self, known: Collection[str] = ()) -> list[Found]:
        """The newest runs below `WAFER_HOME`."""
        try:
            names = [path.name for path in self._settings.runs_dir.iterdir()]
        except FileNotFoundError:
            return []
        newest = sorted(names, key=lambda each: each.partition("-")[2], reverse=True)[:RECENT]
        new = [name for name in newest if name not in known and embedded.was_started(self._settings, name)]
        return [Found(embedded.read_request(self._settings, name), name) for name in new]

    def check(self) -> None:
        """A run needs a folder that can be written."""
        try:
            self._settings.runs_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BackendUnavailable(f"{self._settings.runs_dir} cannot be made: {error.strerror}.") from error
        if not os.access(self._settings.runs_dir, os.W_OK):
            raise BackendUnavailable(f"{self._settings.runs_dir} cannot be written.")

    def _keep(self, worker: embedded.Worker) -> None:
        self._children[worker.request.run_id] = worker.process

    def _reap(self, run_id: str) -> None:
        """Take the exit code of a worker that this process started; otherwise it would stay as a zombie."""
        child = self._children.pop(run_id, None)
        if child:
            child.wait()
