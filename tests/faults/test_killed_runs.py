"""Whole embedded trainings, killed at random and retried until they are done."""

import os
import random
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from application.backends.local import processes
from application.runs.run import Parameters, Run
from tests.faults.conftest import Told
from tests.faults.line import SCHEMA, write_drop
from tests.faults.scale import EVERYTHING
from tests.faults.world import RUN, World, state
from wafer.runs import judge
from wafer.settings import Settings
from wafer.store import open_store

pytestmark = pytest.mark.skipif(
    not EVERYTHING, reason="takes long; `make test` has one killed run in application/tests"
)
Worker = subprocess.Popen[bytes]
KILLS, KILLS_A_RUN = 100, 10
PARAMETERS: Parameters = {"schema": SCHEMA, "max_clusters": 2}


@dataclass(frozen=True, slots=True)
class Home:
    """An embedded installation."""

    settings: Settings

    @classmethod
    def at(cls, folder: Path, empty_registry: Path) -> "Home":
        (folder / "mlflow").mkdir(parents=True)
        shutil.copyfile(empty_registry, folder / "mlflow" / "mlflow.db")
        return cls(Settings(WAFER_HOME=folder, WAFER_STORE="", MONGODB_URI="", MLFLOW_TRACKING_URI=""))

    @property
    def world(self) -> World:
        return World(self.settings.store_uri, self.settings.documents_uri, self.settings.tracking_uri)

    def resume(self, drop: Path) -> Worker:
        """Start the run, or retry it; its worker."""
        if processes.was_started(self.settings, RUN):
            return processes.retry(self.settings, RUN)
        return processes.start(self.settings, Run(RUN, "train", str(drop), PARAMETERS, "2026-01-01"))

    def is_done(self) -> bool:
        return judge(open_store(self.settings.store_uri), RUN, "train").state == "succeeded"


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_drop(tmp_path_factory.mktemp("drop") / "batches")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, drop: Path, empty_registry: Path) -> tuple[dict[str, Any], float]:
    """What a run that nobody kills leaves, and how many seconds it takes."""
    home = Home.at(tmp_path_factory.mktemp("whole") / "home", empty_registry)
    started = time.monotonic()
    worker = home.resume(drop)
    assert worker.wait(300) == 0, (home.settings.runs_dir / RUN / "log.txt").read_text()
    return state(home.world), time.monotonic() - started


def test_trainings_killed_a_hundred_times_end_as_if_nothing_had_happened(
    drop: Path, whole: tuple[dict[str, Any], float], tmp_path: Path, empty_registry: Path, tell: Told
) -> None:
    expected, seconds = whole
    dice = random.Random(7)
    killed = starts = runs = 0

    while killed < KILLS:
        home = Home.at(tmp_path / f"home-{runs}", empty_registry)
        more, tried = finish(home, drop, dice, seconds)
        assert state(home.world) == expected
        runs, killed, starts = runs + 1, killed + more, starts + tried

    checked = "published folders by sha256, documents, versions, aliases, history and runs equal"
    tell("embedded trainings, SIGKILL at random", killed, f"same result of {runs} runs after {starts} starts", checked)


def finish(home: Home, drop: Path, dice: random.Random, seconds: float) -> tuple[int, int]:
    """Start, kill and retry one training until it is done; how often it was killed, and started."""
    killed = starts = 0
    while not home.is_done():
        starts += 1
        worker = home.resume(drop)
        doomed = killed < KILLS_A_RUN and kill(worker, dice, dice.uniform(0.02, 0.35) * seconds)
        killed += doomed
        code = worker.wait(300)
        seen = state(home.world)  # verifies what readers see of the half-done
        assert doomed or code == 0 or home.is_done(), seen
        assert starts < 3 * KILLS_A_RUN + 3, seen
    return killed, starts


def kill(worker: Worker, dice: random.Random, after: float) -> bool:
    """Kill the worker, its whole group, or one of its stages some seconds after the start; whether it still ran."""
    with suppress(Exception):
        worker.wait(after)
    if worker.poll() is not None:
        return False
    match dice.choice(("worker", "group", "stage")):
        case "worker":
            os.kill(worker.pid, signal.SIGKILL)
        case "group":
            os.killpg(worker.pid, signal.SIGKILL)
        case _:
            stages = [pid for pid in processes._processes(RUN) if pid != worker.pid]
            with suppress(ProcessLookupError):
                os.kill(dice.choice(stages or [worker.pid]), signal.SIGKILL)
    return True
