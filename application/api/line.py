"""How the line stands, for Prometheus: read from ledger and store, so every replica tells the same after a restart."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import get_args

from prometheus_client import CollectorRegistry, Gauge

from application.runs.ledger.protocol import Wanted
from application.runs.run import Run, RunState
from application.runs.service import Runs
from application.runs.signs import broken_promise, drift_warnings
from wafer.evaluation.standing import Scorecard
from wafer.runs import Pipeline
from wafer.store import Store

Cards = Callable[[], Iterable[Scorecard]]  # of the versions in production, one a contract
ENDS: tuple[RunState, ...] = ("succeeded", "failed")


class Line:
    """Gauges of the newest runs, of drift and of the promise of the version in production."""

    def __init__(self, registry: CollectorRegistry, runs: Runs, store: Store, cards: Cards) -> None:
        self._runs, self._store, self._cards = runs, store, cards
        self._ends = Gauge(
            "wafer_last_run_timestamp_seconds",
            "When the newest run that ended so did; 0 without one.",
            ["pipeline", "state"],
            registry=registry,
        )
        self._drift = Gauge(
            "wafer_drift_warnings", "Warnings of the newest prediction about its wafers.", registry=registry
        )
        self._broken = Gauge(
            "wafer_promise_broken",
            "1 while outcomes show that a version in production exceeds its budget or ranks worse than promised.",
            registry=registry,
        )
        self._seen: tuple[str, str] = ("", "")

    def look(self) -> None:
        """Read how things are. Raises `LedgerUnavailable`, `StoreUnavailable`, `RegistryUnavailable`."""
        newest = {(pipeline, state): self._newest(pipeline, state) for pipeline in get_args(Pipeline) for state in ENDS}
        for (pipeline, state), run in newest.items():
            self._ends.labels(pipeline, state).set(_moment(run.finished) if run else 0)
        if predicted := newest["predict", "succeeded"]:
            self._drift.set(len(drift_warnings(self._store, predicted.run_id)))
        self._look_at_promise(newest["outcomes", "succeeded"], newest["train", "succeeded"])

    def _look_at_promise(self, *causes: Run | None) -> None:
        """The scorecard reads every outcome: only after new ones, a training, or an hour (promotions by hand)."""
        seen = (" ".join(run.run_id for run in causes if run), f"{datetime.now(UTC):%Y-%m-%dT%H}")
        if seen != self._seen:
            self._broken.set(1 if any(map(broken_promise, self._cards())) else 0)
            self._seen = seen

    def _newest(self, pipeline: Pipeline, state: RunState) -> Run | None:
        return next(iter(self._runs.page(Wanted(1, pipeline=pipeline, state=state)).runs), None)


def _moment(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
