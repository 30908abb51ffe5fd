"""What the service asks of a place that executes runs."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, Protocol

from application.runs.request import Request
from wafer.runs import Outcome, Pipeline, StageRecord

BackendName = Literal["embedded", "kubeflow"]


@dataclass(frozen=True, slots=True)
class Handle:
    """How a started run is found again: its id in the store, and the name its backend knows it by."""

    run_id: str
    pipeline: Pipeline
    native_id: str


@dataclass(frozen=True, slots=True)
class Status:
    """Where a run stands; `outcome` is there exactly when it has ended, and says how."""

    stages: tuple[StageRecord, ...]
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Found:
    """A run that this backend executes, whoever started it."""

    request: Request
    native_id: str


class Backend(Protocol):
    """Executes runs. Every method raises `BackendUnavailable` when the place does not answer."""

    name: BackendName

    def start(self, request: Request) -> str:
        """Start a run and give the backend's own id; a run already started under this id is found, not started again.

        `PackageNotFound` when no pipeline is installed for the route.
        """

    def status(self, run: Handle) -> Status:
        """Where the run stands; a run whose worker died has ended. `RunNotFound` when it is unknown here."""

    def cancel(self, run: Handle) -> None:
        """End a run and everything it started; one that has ended already is left as it is."""

    def retry(self, run: Handle) -> None:
        """Go on from the finished stages of a run that failed; one that goes on already is left as it is."""

    def recent(self, known: Collection[str] = ()) -> list[Found]:
        """The newest runs but the known ones, also those started at the command line or on Kubeflow's own page."""

    def check(self) -> None:
        """Raise `BackendUnavailable` when no run could be started now."""
