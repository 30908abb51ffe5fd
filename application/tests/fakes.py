"""Hand-written stand-ins: a backend that does what a test says, a registry in memory."""

import threading
from collections.abc import Collection
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from application.errors import BackendUnavailable
from application.runs.log import LogLine
from application.runs.run import BackendName, Run, now
from application.tests.leavings import SENSORS, decision_about, leave_results, write_record
from wafer.errors import ModelNotFound, NotWaiting, ProductionChanged, RunNotFound, RunNotRetryable
from wafer.evaluation.held_out import HeldOutFigures, Tested
from wafer.evaluation.metrics import measure
from wafer.model.calibration import Calibration
from wafer.model.files import seal, write_json
from wafer.model.out_of_fold import OutcomeCounts
from wafer.model.recipe import Recipe
from wafer.model.statistics import LEVELS, SensorStatistics, StatisticsFile
from wafer.model.summaries import BundleSummary, ClusterSummary
from wafer.registry import UNSIGNED, ByHand, Declined, ModelVersion, Promotion
from wafer.runs import Pipeline, RunError, judge, task_records
from wafer.store import Store, layout


class FakeBackend:
    """Runs stay active until the test ends them; `broken` makes the place unreachable."""

    look_seconds = 0.01

    def __init__(
        self, store: Store, name: BackendName = "embedded", *, at_once: int = 2, lease_seconds: float = 60
    ) -> None:
        self.name: BackendName = name
        self.retried_elsewhere = name == "kubeflow"
        self.auto_retries = 0
        self.at_once = at_once
        self.lease_seconds = lease_seconds
        self.store = store
        self.started: list[Run] = []
        self.retried: list[str] = []
        self.cancelled: list[str] = []
        self.elsewhere: list[Run] = []
        self.schedules: list[tuple[str, str]] = []
        self.broken = False
        self.succeed_at_once = False
        self._running: dict[str, Run] = {}
        self._known: dict[str, Run] = {}
        self._lock = threading.Lock()

    def start(self, run: Run) -> str:
        self.check()
        with self._lock:
            if run.run_id not in self._known:
                self.started.append(run)
                self._known[run.run_id] = self._running[run.run_id] = run
        if self.succeed_at_once:
            self.succeed(run.run_id)
        return f"native-{run.run_id}"

    def look(self, run: Run) -> Run:
        self.check()
        if run.run_id not in self._known:
            raise RunNotFound(f"There is no run {run.run_id}.")
        tasks = task_records(self.store, run.run_id)
        if run.run_id in self._running:
            return replace(run, tasks=tasks)
        stopped = RunError("STAGE_FAILED", "It was stopped.", retry_helps=True)
        return run.ended(judge(self.store, run.run_id, run.pipeline), tasks, stopped)

    def cancel(self, run: Run) -> None:
        self.check()
        self.cancelled.append(run.run_id)
        self._running.pop(run.run_id, None)

    def retry(self, run: Run) -> None:
        self.check()
        if judge(self.store, run.run_id, run.pipeline).state == "succeeded":
            raise RunNotRetryable(f"Run {run.run_id} succeeded.")
        self.retried.append(run.run_id)
        for task in task_records(self.store, run.run_id):
            if task.state == "failed":
                self.store.delete(layout.stage_record(run.run_id, task.name))
        self._running[run.run_id] = self._known[run.run_id]

    def forget(self, run: Run) -> None:
        self._known.pop(run.run_id, None)

    def recent(self, known: Collection[str] = ()) -> list[Run]:
        for run in self.elsewhere:
            self._known.setdefault(run.run_id, run)
        return [run for run in self.elsewhere if run.run_id not in known]

    def log(self, run: Run) -> list[LogLine]:
        self.check()
        return [LogLine("validate", run.created, "info", "stage.started")]

    def check(self) -> None:
        if self.broken:
            raise BackendUnavailable("The backend does not answer.")

    def schedule(self, cron: str, image: str) -> None:
        self.schedules.append((cron, image))

    def start_elsewhere(self, run: Run) -> None:
        """Somebody starts a run on Kubeflow's own page."""
        self.elsewhere.append(run)
        self._known[run.run_id] = self._running[run.run_id] = run

    def started_before(self, run_id: str, pipeline: Pipeline = "train") -> None:
        """The run was started by a service that could not write it down any more."""
        run = Run(run_id, pipeline, "folder", {}, "")
        self.started.append(run)
        self._known[run_id] = self._running[run_id] = run

    def end(self, run_id: str) -> None:
        """The run has ended; what it left, the test has put there."""
        self._running.pop(run_id)

    def succeed(self, run_id: str) -> None:
        run = self._running.pop(run_id)
        leave_results(self.store, run_id, run.pipeline)

    def fail(self, run_id: str, stage: str = "validate", code: str = "NO_GOOD_FILES") -> None:
        self._running.pop(run_id)
        error = {"code": code, "message": "Every file was refused.", "retry_helps": False}
        write_record(self.store, run_id, stage, "failed", error=error)

    def die(self, run_id: str) -> None:
        """The worker is gone and left nothing."""
        self._running.pop(run_id)


class FakeRegistry:
    """Two versions; the second is in production, the first was before."""

    def __init__(self, model: str = "wafer-fault") -> None:
        self.model = model
        self._history = [1, 2]
        self._log = [Promotion(number, number - 1, number, f"train-{number}") for number in (1, 2)]
        self.downloads = 0
        self.waiting: int | None = None
        self._declined: dict[int, Declined] = {}

    def versions(self) -> list[ModelVersion]:
        return [self._version(number) for number in (1, 2)]

    def version(self, number: int) -> ModelVersion:
        if number not in {1, 2}:
            raise ModelNotFound(f"There is no version {number}.")
        return self._version(number)

    def promote(self, number: int, asked: ByHand = UNSIGNED) -> ModelVersion:
        self.version(number)
        self._check(asked)
        if self._history[-1] != number:
            self._history.append(number)
            self._note(asked)
        return self.version(number)

    def rollback(self, asked: ByHand = UNSIGNED) -> ModelVersion:
        self._check(asked)
        if len(self._history) < 2:
            raise ModelNotFound("No earlier production version is known.")
        self._history.pop()
        self._note(asked, undoes=True)
        return self.version(self._history[-1])

    def candidate(self) -> ModelVersion | None:
        return self.version(self.waiting) if self.waiting else None

    def decline(self, number: int, asked: ByHand = UNSIGNED) -> ModelVersion:
        if number != self.waiting:
            raise NotWaiting(number, self.waiting or 0)
        self.waiting, self._declined = None, {number: Declined(asked.who, asked.why, now())}
        return self.version(number)

    def promotions(self) -> list[Promotion]:
        return list(self._log)

    def _check(self, asked: ByHand) -> None:
        if asked.expected not in (None, self._history[-1]):
            raise ProductionChanged(int(asked.expected or 0), self._history[-1])

    def _note(self, asked: ByHand, *, undoes: bool = False) -> None:
        last, version = len(self._log), self._history[-1]
        entry = Promotion(last + 1, last, version, f"call-{last + 1}", undoes, asked.who, asked.why, now())
        self._log.append(entry)

    def retire(self) -> None:
        """No version is in production any more."""
        self._history.append(0)

    def history(self) -> list[int]:
        return list(self._history)

    def download(self, number: int, folder: Path) -> Path:
        self.downloads += 1
        write_bundle(folder / "bundle", number)
        return folder / "bundle"

    def _version(self, number: int) -> ModelVersion:
        aliases = ("production",) if self._history[-1] == number else ()
        run_id, digest = f"train-{number}", bundle_digest(number)
        decision = decision_about(number, run_id, digest)
        return ModelVersion(
            number, digest, run_id, "2026-03-21T08:15:00+00:00", aliases, decision, self._declined.get(number)
        )


def write_bundle(folder: Path, number: int) -> str:
    """The part of a version's bundle that the service reads; its digest."""
    folder.mkdir(parents=True)
    failed = np.array([True, False, True, False, False, False])
    probability = np.array([0.9, 0.6, 0.5, 0.3, 0.2, 0.1])
    counts = OutcomeCounts(probability[::-1], (~failed[::-1]).astype(np.int64), failed[::-1].astype(np.int64))
    counts.save(folder / "outcomes.parquet")
    quantiles = np.tile(np.linspace(0.0, 1.0, len(LEVELS)), (len(SENSORS), 1))
    statistics = SensorStatistics(
        SENSORS, quantiles, np.zeros_like(quantiles), np.zeros(len(SENSORS)), 6, 2, np.sqrt(quantiles)
    )
    write_json(folder / "statistics.json", StatisticsFile.of(statistics))
    quality = measure(failed, probability, probability >= 0.5)
    families = {"xgboost": replace(quality, auc=0.8), "random_forest": replace(quality, auc=0.7)}
    cluster = ClusterSummary(0, "xgboost", 1.0, Calibration(1.0, 0.0), 6, 2, families)
    tested = Tested.of("lot-2.csv", failed, probability, probability >= 0.95, probability >= 0.5)
    forward = HeldOutFigures.of(failed, probability, tested, (tested, replace(tested, name="lot-3.csv")))
    about = BundleSummary((cluster,), f"contract-{number}", {}, quality, Recipe(), "0" * 64, forward)
    return seal(folder, about)


@cache
def bundle_digest(number: int) -> str:
    with TemporaryDirectory() as folder:
        return write_bundle(Path(folder) / "bundle", number)
