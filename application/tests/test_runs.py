"""Claim, start, record: whoever dies in between, there is one run."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from application.api.metrics import Metrics
from application.api.sources import Sources
from application.errors import TrainingRunning
from application.runs.ledger.sqlite import SQLiteLedger
from application.runs.request import Request
from application.runs.service import Limits, Order, Runs
from application.tests.fakes import FakeBackend
from wafer.store import Store, open_store

ORDER = Order("train", "raw/train/lot-1", {"seed": 7})
DYING = """
import os, signal, sys
from pathlib import Path
from application.tests.test_runs import ORDER, KilledBackend, over
home, where = Path(sys.argv[1]), sys.argv[2]
over(home, KilledBackend(home, where)).submit(ORDER, by="somebody", key="k")
"""


class KilledBackend(FakeBackend):
    """The process is killed before it starts the run, or after."""

    def __init__(self, home: Path, where: str) -> None:
        super().__init__(open_store(str(home / "store")))
        self._where = where

    def start(self, request: Request) -> str:
        if self._where == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        (Path(self.store.uri).parent / "started").write_text(request.run_id)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


def over(home: Path, backend: FakeBackend, lease_seconds: float = 60) -> Runs:
    store = open_store(str(home / "store"))
    limits = Limits(at_once=2, key_seconds=3600, lease_seconds=lease_seconds)
    return Runs(SQLiteLedger(home / "ledger.sqlite"), backend, Sources(store), Metrics(), limits)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = open_store(str(tmp_path / "store"))
    made.put("raw/train/lot-1/wafer_01032021_041011.csv", b"x")
    return made


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

    retried = restarted.submit(ORDER, by="somebody", key="k")
    impatient = over(tmp_path, backend, lease_seconds=0)
    expired = impatient._ledger.change(impatient.entry(left.run_id), lease_until=0.0)
    impatient.tick()

    assert done.returncode == -signal.SIGKILL
    assert expired
    assert retried.run_id == left.run_id
    assert impatient.entry(left.run_id).state == "running"
    assert [request.run_id for request in backend.started] == [left.run_id]


def test_a_claim_that_nobody_started_is_started_by_the_next_request(tmp_path: Path, store: Store) -> None:
    backend = FakeBackend(store)
    backend.broken = True
    runs = over(tmp_path, backend)
    runs._adopted = float("inf")
    first = runs._claim(replace(ORDER, pipeline="predict", source=_predict(store)), "somebody", None, 0.0)
    backend.broken = False

    runs.submit(ORDER, by="somebody")

    assert runs.entry(first.run_id).state == "running"
    assert len(backend.started) == 2


def test_a_backend_that_never_answers_fails_the_run_in_the_end(tmp_path: Path, store: Store) -> None:
    backend = FakeBackend(store)
    runs = over(tmp_path, backend)
    order = replace(ORDER, pipeline="predict", source=_predict(store))
    backend.broken = True

    entry = runs.submit(order, by="somebody")
    for _ in range(5):
        runs.tick()

    assert runs.entry(entry.run_id).state == "failed"
    assert runs.entry(entry.run_id).error["code"] == "BACKEND_UNAVAILABLE"


def test_a_run_that_its_backend_forgot_has_failed(tmp_path: Path, store: Store) -> None:
    runs = over(tmp_path, FakeBackend(store))
    entry = runs.submit(ORDER, by="somebody")

    later = over(tmp_path, FakeBackend(store))
    later.tick()

    assert later.entry(entry.run_id).error["code"] == "RUN_NOT_FOUND"


def test_a_run_cancelled_while_it_is_being_started_is_cancelled_on_its_backend(tmp_path: Path, store: Store) -> None:
    class CancelsItself(FakeBackend):
        def start(self, request: Request) -> str:
            runs.cancel(request.run_id, by="somebody else")
            return super().start(request)

    backend = CancelsItself(store)
    runs = over(tmp_path, backend)

    entry = runs.submit(ORDER, by="somebody")
    runs.tick()

    assert backend.cancelled == [entry.run_id]
    assert runs.entry(entry.run_id).state == "cancelled"


def test_a_training_at_the_command_line_blocks_one_of_the_service(tmp_path: Path, store: Store) -> None:
    backend = FakeBackend(store)
    runs = over(tmp_path, backend)
    backend.start_elsewhere(Request("train-cli", "train", "folder", "2026-03-21T08:15:00+00:00"))

    with pytest.raises(TrainingRunning) as refused:
        runs.submit(ORDER, by="somebody")

    assert refused.value.run_id == "train-cli"


def _predict(store: Store) -> str:
    store.put("raw/predict/lot-1/wafer_01032021_041011.csv", b"x")
    return "raw/predict/lot-1"
