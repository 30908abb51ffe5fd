"""The backend on this machine: one worker process a run, which outlives the process that started it."""

import os
import shutil
import subprocess
from collections.abc import Collection, Sequence

from application.backends.local import processes
from application.errors import BackendUnavailable, RequestInvalid
from application.runs.log import LogLine
from application.runs.run import BackendName, Run
from wafer.errors import RunNotRetryable
from wafer.settings import Settings


class EmbeddedBackend:
    """Runs below `WAFER_HOME`; `command` is the worker's, called with run id, pipeline and runner."""

    name: BackendName = "embedded"
    retried_elsewhere = False
    auto_retries = 0  # whoever sits at this machine decides
    lease_seconds = 5.0  # starting twice is harmless here: the second worker finds the run's lock taken
    look_seconds = 0.1

    def __init__(self, settings: Settings, command: Sequence[str] = processes.WORKER, *, at_once: int = 2) -> None:
        self.at_once = at_once
        self._settings = settings
        self._command = command
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, run: Run) -> str:
        """Start a run's worker, once."""
        if not processes.was_started(self._settings, run.run_id):
            try:
                self._children[run.run_id] = processes.start(self._settings, run, self._command)
            except RunNotRetryable:  # another process of ours was faster
                return run.run_id
            except OSError as error:
                raise BackendUnavailable(f"The run's worker could not be started: {error.strerror}.") from error
        return run.run_id

    def look(self, run: Run) -> Run:
        """The run as it stands; a worker that is gone without a result left a failed run."""
        seen = processes.look(self._settings, run)
        if not seen.active:
            self._reap(run.run_id)
        return seen

    def cancel(self, run: Run) -> None:
        """End the worker and every stage process it started."""
        processes.stop(self._settings, run.run_id)
        self._reap(run.run_id)

    def retry(self, run: Run) -> None:
        """Start a worker again for a run that failed."""
        if not processes.is_alive(self._settings, run.run_id):
            self._children[run.run_id] = processes.retry(self._settings, run.run_id, self._command)

    def forget(self, run: Run) -> None:
        """Remove the run's folder with its log and artifacts."""
        shutil.rmtree(processes.run_folder(self._settings, run.run_id), ignore_errors=True)

    def recent(self, known: Collection[str] = ()) -> list[Run]:  # noqa: ARG002 - the protocol's
        """None: on this machine every run is claimed in the ledger before it starts."""
        return []

    def log(self, run: Run) -> list[LogLine]:
        """What the run's worker and its tasks wrote."""
        return processes.read_log(self._settings, run.run_id)

    def schedule(self, cron: str, image: str) -> None:  # noqa: ARG002 - nothing is kept here
        """Keep no schedule."""
        raise RequestInvalid(
            "This machine keeps no schedule. Set WAFER_RETRAIN_HOURS, so that the service decides by itself, or let "
            "cron call `wafer retrain`; with KFP_ENDPOINT, Kubeflow keeps one."
        )

    def check(self) -> None:
        """A run needs a folder that can be written."""
        try:
            self._settings.runs_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BackendUnavailable(f"{self._settings.runs_dir} cannot be made: {error.strerror}.") from error
        if not os.access(self._settings.runs_dir, os.W_OK):
            raise BackendUnavailable(f"{self._settings.runs_dir} cannot be written.")

    def _reap(self, run_id: str) -> None:
        """Take the exit code of a worker that this process started; otherwise it would stay as a zombie."""
        child = self._children.pop(run_id, None)
        if child:
            child.wait()
