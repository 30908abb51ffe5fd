"""When to train again: every so many batches, earlier on drift or a broken promise, once however many services ask."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from typer.testing import CliRunner

from application.backends.base import Backends
from application.cli.app import app
from application.retraining.policy import Evidence, decide
from application.retraining.retraining import Retraining
from application.runs.ledger.sqlite import SQLiteLedger
from application.runs.ledger.sqlite_journal import SQLiteJournal
from application.runs.run import Run, new_run
from application.runs.service import Runs
from application.tests.fakes import FakeBackend
from application.tests.leavings import decision_about
from application.tests.serving import MakeService
from wafer.contract import ContractFiles, Contracts
from wafer.documents import open_documents
from wafer.errors import RegistryUnavailable
from wafer.outcomes.matched import SCHEMA
from wafer.runs import Pipeline
from wafer.store import open_store, publish


@pytest.mark.parametrize(
    ("evidence", "train", "why"),
    [
        (Evidence(""), False, "wafer train DIR"),
        (Evidence("train-1", running="train-2"), False, "train-2 is running"),
        (Evidence("train-1", tuple("abcd")), False, "4 labelled files"),
        (Evidence("train-1", tuple("abcde")), True, "5 labelled files"),
        (Evidence("train-1", ("a",), drifted=("predict-1", "predict-2")), True, "2 predictions warned of drift"),
        (Evidence("train-1", drifted=("predict-1",)), False, "Send outcomes"),
        (Evidence("train-1", ("a",), broken="2026-03"), True, "broke its promise (2026-03)"),
        (Evidence("train-1", ("a",), broken="2026-03", answered=True), False, "decide about its version"),
        (Evidence("train-1", tuple("abcde"), broken="2026-03", answered=True), True, "5 labelled files"),
    ],
)
def test_it_trains_every_five_batches_and_earlier_where_the_line_says_so(
    evidence: Evidence, train: bool, why: str
) -> None:
    verdict = decide(evidence)

    assert verdict.train is train
    assert why in verdict.why


def nothing_matched() -> bytes:
    sink = pa.BufferOutputStream()
    parquet.write_table(SCHEMA.empty_table(), sink)
    return bytes(sink.getvalue())


class Line:
    """A line whose runs a fake backend executes; its only scorecard is `card`."""

    def __init__(self, home: Path) -> None:
        self.home, self.store = home, open_store(str(home / "store"))
        self.backend, self.card = FakeBackend(self.store), None
        self.runs = Runs(SQLiteLedger(home / "ledger.sqlite"), Backends(self.backend), self.store)
        self.batches("a")
        with open_documents(str(home / "documents.sqlite")):
            pass

    def retraining(self) -> Retraining:
        """As a further process has it."""
        runs = Runs(SQLiteLedger(self.home / "ledger.sqlite"), Backends(self.backend), self.store)
        journal, documents = SQLiteJournal(self.home / "ledger.sqlite"), str(self.home / "documents.sqlite")
        return Retraining(runs, journal, self.store, lambda _: self.card, documents, every=2, promotion="candidate")

    def batches(self, *names: str) -> str:
        for name in names:
            self.store.put(f"raw/train/lot/{name}.csv", b"x")
        return str(self.home / "store/raw/train/lot")

    def run(self, pipeline: Pipeline, *files: str, drift: str = "") -> Run:
        """A run that succeeded over files of these names."""
        run = self.runs.start(new_run(pipeline, self.batches(), {"seed": 3, "promotion": "auto"}))
        self.publish(run, *files, drift=drift)
        self.runs.tick()
        return run

    def publish(self, run: Run, *files: str, drift: str = "") -> None:
        manifest = {"files": [{"name": f"{name}.csv"} for name in files]}
        content: dict[str, Path | bytes] = {
            "manifest.json": json.dumps(manifest).encode(),
            "drift.json": json.dumps({"warnings": [drift] if drift else []}).encode(),
            "matched.parquet": nothing_matched(),
            "decision.json": decision_about(2, run.run_id).to_json().encode(),
        }
        folder = {"train": "training", "predict": "predictions", "outcomes": "outcomes"}[run.pipeline]
        publish(self.store, f"{folder}/{run.run_id}", content, run_id=run.run_id)
        self.backend.end(run.run_id)


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path)


def test_files_count_once_whether_they_came_as_batches_or_as_outcomes(line: Line) -> None:
    line.batches("a", "b")
    line.run("outcomes", "a")
    trained = line.run("train", "a", "b")
    line.batches("c")
    line.run("outcomes", "b", "c")
    retraining = line.retraining()

    first = retraining.decide("ada")
    line.run("outcomes", "d")
    second = retraining.decide("ada")

    assert (first.train, first.batches, first.trained) == (False, 1, trained.run_id)
    assert (second.train, second.batches) == (True, 2)
    started = line.runs.find(second.started)
    assert (started.source, started.requested_by) == (trained.source, "retraining")
    assert started.parameters == {"seed": 3, "promotion": "candidate"}
    assert [(each.train, each.by) for each in retraining.history()] == [(True, "ada"), (False, "ada")]


def test_a_drift_warning_trains_again_as_soon_as_there_is_something_to_learn(line: Line) -> None:
    line.run("train", "a")
    line.run("predict", drift="It moved.")
    retraining = line.retraining()
    assert not retraining.decide("ada").train

    line.run("outcomes", "b")

    assert retraining.decide("ada").train


def test_two_services_that_decide_at_once_start_one_training(line: Line) -> None:
    line.run("train", "a")
    line.run("outcomes", "b", "c")
    both = [line.retraining(), line.retraining()]

    with ThreadPoolExecutor(2) as pool:
        decisions = list(pool.map(lambda each: each.decide("a service"), both))

    trainings = [run for run in line.runs.history() if run.pipeline == "train"]
    assert len(trainings) == 2
    assert {each.started for each in decisions if each.train} == {trainings[0].run_id}
    assert len([each for each in both[0].history() if each.train]) == 1


def test_services_take_turns_and_decide_once_a_period(line: Line) -> None:
    line.run("train", "a")

    for each in (line.retraining(), line.retraining()):
        each.decide_in_turn(10_000_000.0)

    assert [each.by for each in line.retraining().history()] == ["the service"]


def test_a_contract_that_cannot_be_decided_about_keeps_no_other_waiting(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.run("train", "a")
    Contracts(line.store).add("line-b", ContractFiles.of(policy="silent_sensors: 0.5"))
    retraining = line.retraining()

    def away(_: str) -> None:
        raise RegistryUnavailable

    monkeypatch.setattr(retraining, "_judge", away)
    with pytest.raises(RegistryUnavailable):
        retraining.decide_in_turn(10_000_000.0)

    assert [each.contract for each in retraining.history()] == ["line-b"]


def test_a_decision_whose_process_died_is_carried_out_by_the_next_one(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.run("train", "a")
    line.run("outcomes", "b", "c")
    monkeypatch.setattr("application.retraining.retraining.KEPT_SECONDS", 0.0)
    dying = line.retraining()
    monkeypatch.setattr(dying._runs, "start", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        dying.decide("ada")

    line.retraining().decide("bob")

    decided = next(each for each in line.retraining().history() if each.train)
    assert decided.by == "ada"
    assert line.runs.find(decided.started).active


def test_a_training_that_failed_is_not_started_again_over_the_same_files(line: Line) -> None:
    line.run("train", "a")
    line.run("outcomes", "b", "c")
    retraining = line.retraining()
    started = retraining.decide("ada").started
    line.backend.die(started)
    line.runs.tick()

    again = retraining.decide("ada")
    line.run("outcomes", "d")

    assert not again.train
    assert started in again.why
    assert retraining.decide("ada").train


def test_a_dry_run_starts_and_keeps_nothing(line: Line) -> None:
    line.run("train", "a")
    line.run("outcomes", "b", "c")
    retraining = line.retraining()

    assert retraining.decide("ada", dry_run=True).train

    assert not retraining.history()
    assert [run.pipeline for run in line.runs.history()] == ["outcomes", "train"]


def test_the_interface_decides_and_shows_the_history(make_service: MakeService) -> None:
    service = make_service()

    with service.client("operator") as client:
        told = client.post("/retraining", json={"dry_run": True}).json()
        decided = client.post("/retraining").json()
        found = client.get("/retraining").json()["decisions"]

    assert (told["train"], decided["train"], decided["by"]) == (False, False, "operator")
    assert found == [decided]


def test_the_command_line_says_why_it_does_not_train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAFER_HOME", str(tmp_path))

    told = CliRunner().invoke(app, ["retrain", "--json"])
    listed = CliRunner().invoke(app, ["retrain", "history", "--json"])

    assert "Not now." in told.stderr
    assert json.loads(told.stdout)["train"] is False
    assert [each["why"] for each in json.loads(listed.stdout)["decisions"]] == [json.loads(told.stdout)["why"]]
