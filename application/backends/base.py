"""What the service asks of a place that executes runs, and which places there are."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from application.errors import BackendUnavailable
from application.runs.log import LogLine
from application.runs.run import BackendName, Run


class Backend(Protocol):
    """Executes runs. Every method raises `BackendUnavailable` when the place does not answer.

    `at_once` runs execute side by side (0: no limit), a start takes at most `lease_seconds`, and who follows a
    run looks every `look_seconds`. `retried_elsewhere` says that somebody may retry a run there without us.
    The first `auto_retries` attempts whose task failed with an error that a retry may help are followed by another.

    To wait for a person is not here yet and belongs here when it comes: a run that stands before an approval stays an
    active run in `look`, whose task says what it waits for, and gets the word as `cancel` and `retry` get theirs.
    """

    name: BackendName
    at_once: int
    retried_elsewhere: bool
    auto_retries: int
    lease_seconds: float
    look_seconds: float

    def start(self, run: Run) -> str:
        """Start a run and give the backend's own id; a run already started under this id is found, not started again.

        `PackageNotFound` when no pipeline is installed for the route.
        """

    def look(self, run: Run) -> Run:
        """The run with its tasks as it stands here; one whose worker died has ended. `RunNotFound` if unknown here."""

    def cancel(self, run: Run) -> None:
        """End a run and everything it started; one that has ended already is left as it is."""

    def retry(self, run: Run) -> None:
        """Retry a run that failed: it continues after its finished tasks; one that runs already is left as it is."""

    def forget(self, run: Run) -> None:
        """Remove what the place itself keeps of an ended run, where that is ours to remove."""

    def recent(self, known: Collection[str] = ()) -> list[Run]:
        """The newest runs but the known ones that can be started here without us, as on Kubeflow's own page."""

    def log(self, run: Run) -> list[LogLine]:
        """What the tasks of a run wrote, in that order. `ObjectNotFound` where the place keeps the log to itself."""

    def schedule(self, cron: str, image: str) -> None:
        """Let the place decide about training again by itself, at the times of five cron fields; empty ends that.

        It keeps one schedule, which a further one replaces; `image` is the application's. The trainings that it starts
        are in the ledger as any other. `RequestInvalid` where the place keeps no schedule, or for other cron fields.
        """

    def check(self) -> None:
        """Raise `BackendUnavailable` when no run could be started now."""


@dataclass(frozen=True, slots=True)
class Backends:
    """The backend of new runs, and others whose runs are still looked at."""

    chosen: Backend
    others: Mapping[BackendName, Backend] = field(default_factory=dict)

    def get(self, run: Run) -> Backend | None:
        """The backend that executes a run; one older than that fact is on the chosen one. None when it is not set."""
        if run.backend is None or run.backend == self.chosen.name:
            return self.chosen
        return self.others.get(run.backend)

    def of(self, run: Run) -> Backend:
        """The same, or `BackendUnavailable`."""
        found = self.get(run)
        if not found:
            raise BackendUnavailable(
                f"Run {run.run_id} is on Kubeflow, and KFP_ENDPOINT is not set. Set it, then try again."
            )
        return found

    def __iter__(self) -> Iterator[Backend]:
        return iter((self.chosen, *self.others.values()))
