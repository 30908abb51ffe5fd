"""Claim, start, record: whoever dies in between, there is one run."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from application.backends.base import Backends
from application.errors import BackendUnavailable, TrainingRunning
from application.runs.ledger.sqlite import SQLiteLedger
from application.runs.run import Run, new_run
from application.runs.service import Runs
from application.tests.fakes import FakeBackend
from wafer.runs import Pipeline
from wafer.store import Store, open_store

DYING = """
import os, signal, sys
from pathlib import Path
from application.tests.test_runs import KilledBackend, over, wanted
home, where = Path(sys.argv[1]), sys.argv[2]
over(home, KilledBackend(home, where)).start(wanted(), key="k")
"""


class KilledBackend(FakeBackend):
    """The process is killed before it starts the run, or after."""

    def __init__(self, home: Path, where: str) -> None:
        super().__init__(open_store(str(home / "store")))
        self._where = where

    def start(self, run: Run) -> str:
        if self._where == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        (Path(self.store.uri).parent / "started").write_text(run.run_id)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


def wanted(pipeline: Pipeline = "train") -> Run:
    return new_run(pipeline, "s3://bucket/drop", {"seed": 7}, by="somebody")


def over(home: Path, backend: FakeBackend, *others: FakeBackend) -> Runs:
    backends = Backends(backend, {each.name: each for each in others})
    return Runs(SQLiteLedger(home / "ledger.sqlite"), backends, backend.store)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"))


@pytest.mark.slow  # a service in a process of its own
@pytest.mark.parametrize("where", ["before", "after"])
def test_a_service_killed_between_claim_and_record_leaves_one_run_for_the_retry(
    tmp_path: Path, store: Store, where: str
) -> None:
    done = subprocess.run([sys.executable, "-c", DYING, str(tmp_path), where], capture_output=True, check=False)
    backend = FakeBackend(store)
    if where == "after":
        backend.started_before((tmp_path / "started").read_text())
    restarted = over(tmp_path, backend)
    (left,) = restarted.active()

    retried = restarted.start(wanted(), key="k")
    seen = restarted.find(left.run_id)
    restarted._ledger.change(seen, replace(seen, lease_until=1.0))  # the lease of the dead service runs out
    impatient = over(tmp_path, backend)
    impatient.tick()

    assert done.returncode == -signal.SIGKILL
    assert left.lease_until > time.time()
    assert retried.run_id == left.run_id
    assert impatient.find(left.run_id).state == "running"
    assert [run.run_id for run in backend.started] == [left.run_id]


def test_a_claim_that_nobody_started_is_started_by_the_next_request(tmp_path: Path, store: Store) -> None:
    backend = FakeBackend(store)
    runs = over(tmp_path, backend)
    with closing(SQLiteLedger(tmp_path / "ledger.sqlite")) as ledger:
        first = ledger.claim(wanted("predict"), None, now=0.0)

    runs.start(wanted())

    assert runs.find(first.run_id).state == "running"
    assert len(backend.started) == 2


def test_a_backend_that_never_answers_fails_the_run_in_the_end(tmp_path: Path, store: Store) -> None:
    backend = FakeBackend(store)
    runs = over(tmp_path, backend)
    backend.broken = True

    run = runs.start(wanted("predict"))
    for _ in range(5):
        runs.tick()

    assert runs.find(run.run_id).state == "failed"
    assert code_of(runs.find(run.run_id)) == "BACKEND_UNAVAILABLE"


def test_a_run_that_its_backend_forgot_has_failed(tmp_path: Path, store: Store) -> None:
    runs = over(tmp_path, FakeBackend(store))
    run = runs.start(wanted())

    later = over(tmp_path, FakeBackend(store))
    later.tick()

    assert code_of(later.find(run.run_id)) == "RUN_NOT_FOUND"


def test_a_run_cancelled_while_it_is_being_started_is_cancelled_on_its_backend(tmp_path: Path, store: Store) -> None:
    class CancelsItself(FakeBackend):
        def start(self, run: Run) -> str:
            runs.cancel(run.run_id, by="somebody else")
            return super().start(run)

    backend = CancelsItself(store)
    runs = over(tmp_path, backend)

    run = runs.start(wanted())
    runs.tick()

    assert backend.cancelled == [run.run_id]
    assert runs.find(run.run_id).state == "cancelled"


def test_a_training_of_kubeflows_page_blocks_one_of_the_service(tmp_path: Path, store: Store) -> None:
    backend = FakeBackend(store, "kubeflow")
    runs = over(tmp_path, backend)
    backend.start_elsewhere(Run("page", "train", "folder", {}, "2026-03-21T08:15:00+00:00", backend="kubeflow"))

    with pytest.raises(TrainingRunning) as refused:
        runs.start(wanted())

    assert refused.value.run_id == "page"


def test_a_run_is_looked_at_on_the_backend_it_was_started_on(tmp_path: Path, store: Store) -> None:
    here, there = FakeBackend(store, "embedded"), FakeBackend(store, "kubeflow")
    local = over(tmp_path, here, there).start(wanted("predict"))
    clustered = over(tmp_path, there, here)

    remote = clustered.start(wanted("predict"))
    here.succeed(local.run_id)
    clustered.tick()

    assert [run.run_id for run in there.started] == [remote.run_id]
    assert (clustered.find(local.run_id).state, clustered.find(remote.run_id).state) == ("succeeded", "running")


def test_a_run_on_a_backend_that_is_not_set_is_shown_as_it_was_and_not_judged(tmp_path: Path, store: Store) -> None:
    remote = over(tmp_path, FakeBackend(store, "kubeflow")).start(wanted())
    here = over(tmp_path, FakeBackend(store, "embedded"))

    here.tick()

    assert here.find(remote.run_id).state == "running"
    with pytest.raises(TrainingRunning):
        here.start(wanted())
    with pytest.raises(BackendUnavailable):
        here.cancel(remote.run_id, by="somebody")


def test_a_backend_that_does_not_answer_is_asked_once_a_round(tmp_path: Path, store: Store) -> None:
    class CountsLooks(FakeBackend):
        looks = 0

        def look(self, run: Run) -> Run:
            self.looks += 1
            return super().look(run)

    backend = CountsLooks(store)
    runs = over(tmp_path, backend)
    for _ in range(2):
        runs.start(wanted("predict"))
    backend.broken = True

    runs.settle()

    assert backend.looks == 1


def test_following_tells_every_look_until_the_end(tmp_path: Path, store: Store) -> None:
    backend = FakeBackend(store)
    runs = over(tmp_path, backend)
    run = runs.start(wanted("predict"))
    seen: list[Run] = []

    def told(now: Run) -> None:
        seen.append(now)
        if len(seen) == 2:
            backend.succeed(run.run_id)

    ended = runs.follow(run.run_id, told)

    assert [each.state for each in seen] == ["running", "running", "succeeded"]
    assert ended == seen[-1]
    assert {task.name for task in ended.tasks} == {"validate", "predict"}


def test_who_follows_a_waiting_run_starts_it_when_there_is_a_place(tmp_path: Path, store: Store) -> None:
    backend = FakeBackend(store, at_once=1)
    runs = over(tmp_path, backend)
    first, second = runs.start(wanted("predict")), runs.start(wanted("predict"))
    states: list[str] = []

    def told(now: Run) -> None:
        states.append(now.state)
        if states == ["queued"]:
            backend.succeed(first.run_id)
        if now.state == "running":
            backend.succeed(second.run_id)

    runs.follow(second.run_id, told)

    assert states == ["queued", "running", "succeeded"]


def test_runs_older_than_the_ledger_are_written_down_once(tmp_path: Path, store: Store) -> None:
    backend = FakeBackend(store)
    old = Run("predict-old", "predict", "folder", {}, "2026-03-21T08:15:00+00:00", "command line", state="running")
    backend.started_before(old.run_id, "predict")
    backend.succeed(old.run_id)
    asked: list[str] = []

    def earlier() -> list[Run]:
        asked.append("asked")
        return [old]

    for _ in range(2):
        with closing(SQLiteLedger(tmp_path / "ledger.sqlite")) as ledger:
            ledger.import_once(earlier)
    runs = over(tmp_path, backend)
    runs.look_around()

    assert asked == ["asked"]
    assert [(run.run_id, run.state) for run in runs.history()] == [("predict-old", "succeeded")]


def code_of(run: Run) -> str:
    return run.error.code if run.error else ""
