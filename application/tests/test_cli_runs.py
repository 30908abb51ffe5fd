"""`wafer train`, `predict` and `runs` speak to the ledger and the backend that is set: on Kubeflow as on the laptop."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from application.backends.kubeflow.backend import KubeflowBackend
from application.cli.app import main
from application.runs.ledger.sqlite import SQLiteLedger
from application.runs.run import new_run
from application.tests.kubeflow_server import KubeflowServer
from application.tests.leavings import leave_results
from tests.commands import Ended, end_of
from wafer.store import open_store

SETTINGS = ("WAFER_STORE", "WAFER_LEDGER", "MONGODB_URI", "MLFLOW_TRACKING_URI", "KFP_ENDPOINT", "KFP_NAMESPACE")


Wafer = Callable[..., Ended]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WAFER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def wafer(home: Path) -> Wafer:
    assert home.parent.exists()

    return lambda *words: end_of(main, "wafer", *words)


@pytest.fixture
def server(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KubeflowServer]:
    """Its runs advance by one stage a look."""
    made = KubeflowServer(open_store(str(home / "store")), automatic=True)
    made.install_pipelines()
    monkeypatch.setenv("KFP_ENDPOINT", made.endpoint)
    monkeypatch.setattr(KubeflowBackend, "look_seconds", 0.01)
    yield made
    made.close()


def test_a_training_is_started_and_followed_on_the_kubeflow_that_is_set(wafer: Wafer, server: KubeflowServer) -> None:
    trained = wafer("train", "s3://bucket/drop", "--seed", "3", "--json")

    found = trained.json
    assert trained.code == 0
    assert (found["state"], found["model_version"], found["metrics"]["auc"]) == ("succeeded", 2, 0.75)
    assert {stage["state"] for stage in found["stages"]} == {"succeeded"}
    assert set(found["outputs"]) == {"manifest", "report", "decision"}
    assert server.find(found["run_id"]).body["runtime_config"]["parameters"]["seed"] == 3


def test_a_run_on_kubeflow_is_listed_and_shown_as_one_of_this_machine(wafer: Wafer, server: KubeflowServer) -> None:
    run_id = wafer("predict", "s3://bucket/drop", "--json").json["run_id"]
    page = server.start_from_page("predict", "s3://bucket/theirs")

    listed = {run["run_id"]: run for run in wafer("runs", "--json").json["runs"]}
    shown = wafer("runs", run_id, "--json").json

    assert (listed[run_id]["state"], listed[run_id]["source"]) == ("succeeded", "s3://bucket/drop")
    assert listed[page]["state"] == "running"
    assert (shown["state"], set(shown["outputs"])) == ("succeeded", {"manifest", "predictions", "report"})


def test_a_failed_run_on_kubeflow_says_why_and_is_retried_there(wafer: Wafer, server: KubeflowServer) -> None:
    failed = wafer("train", "s3://bucket/broken", "--json")
    run_id = failed.json["run_id"]

    retried = wafer("runs", "retry", run_id, "--json")

    assert failed.code == 1
    assert (failed.json["state"], failed.json["error"]["code"]) == ("failed", "NO_GOOD_FILES")
    assert failed.json["error"]["stage"] == "validate"
    assert (retried.code, retried.json["run_id"], retried.json["state"]) == (0, run_id, "succeeded")
    assert server.created == 1


def test_a_retry_on_kubeflows_page_is_noticed_by_the_list_and_by_the_run(wafer: Wafer, server: KubeflowServer) -> None:
    listed, shown = (wafer("train", f"s3://bucket/broken-{each}", "--json").json["run_id"] for each in (1, 2))
    for run_id in (listed, shown):
        server.retry_on_page(run_id)
        server.finish(run_id)

    one = wafer("runs", shown, "--json")
    states = {run["run_id"]: run["state"] for run in wafer("runs", "--json").json["runs"]}

    assert (one.json["state"], one.json["retries"]) == (
        "succeeded",
        ["Retried on Kubeflow's page after NO_GOOD_FILES in stage validate"],
    )
    assert states == {listed: "succeeded", shown: "succeeded"}


def test_a_kubeflow_that_does_not_answer_still_lets_the_runs_be_listed(wafer: Wafer, server: KubeflowServer) -> None:
    run_id = wafer("predict", "s3://bucket/drop", "--json").json["run_id"]
    server.refuse = 503

    listed = wafer("runs", "--json")

    assert [run["run_id"] for run in listed.json["runs"]] == [run_id]
    assert "Kubeflow" in listed.err


def test_a_page_training_on_kubeflow_refuses_another_one(wafer: Wafer, server: KubeflowServer) -> None:
    server.automatic = False
    page = server.start_from_page("train", "s3://bucket/theirs")

    refused = wafer("train", "s3://bucket/drop")

    assert refused.code == 1
    assert page in refused.err
    assert "TRAINING_RUNNING" in refused.err


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["train", "folder"], "--backend local"),
        (["train", "s3://bucket/drop", "--schema", "mine.json"], "--schema"),
        (["predict", "s3://bucket/drop", "--runner", "containers"], "--runner"),
    ],
)
def test_what_kubeflow_could_not_read_or_do_is_wrong_usage(wafer: Wafer, words: list[str], told: str) -> None:
    refused = wafer(*words)

    assert refused.code == 2
    assert told in refused.err
    assert wafer("runs", "--json").json["runs"] == []


def test_kubeflow_without_its_address_is_wrong_usage(wafer: Wafer) -> None:
    refused = wafer("train", "s3://bucket/drop", "--backend", "kubeflow")

    assert refused.code == 2
    assert "KFP_ENDPOINT" in refused.err


def test_a_local_run_is_not_written_into_a_ledger_that_a_cluster_shares(
    wafer: Wafer, server: KubeflowServer, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    monkeypatch.setenv("WAFER_LEDGER", f"dynamodb://{table}")

    refused = wafer("train", "folder", "--backend", "local")

    assert refused.code == 1
    assert "WAFER_LEDGER" in refused.err
    assert server.created == 0


def test_a_second_training_is_refused_with_the_id_of_the_first(
    wafer: Wafer, server: KubeflowServer, home: Path
) -> None:
    server.automatic = False
    first = server.start_from_page("train", "s3://bucket/theirs")
    wafer("runs")

    refused = wafer("train", "folder", "--backend", "local")

    assert (refused.code, first in refused.err) == (1, True)
    assert list(home.glob("runs/*")) == []


def test_runs_of_a_home_older_than_its_ledger_are_listed_with_how_they_ended(wafer: Wafer, home: Path) -> None:
    run = new_run("predict", "folder", {"false_alarm_budget": 0.0})
    old = {"run_id": run.run_id, "pipeline": "predict", "source": "folder", "created": run.created}
    folder = home / "runs" / run.run_id
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({**old, "parameters": {}, "runner": "processes"}))
    leave_results(open_store(str(home / "store")), run.run_id, "predict")

    listed = wafer("runs", "--json").json["runs"]

    assert [(each["run_id"], each["state"]) for each in listed] == [(run.run_id, "succeeded")]
    kept = SQLiteLedger(home / "ledger.sqlite").get(run.run_id)
    assert kept
    assert (kept.requested_by, kept.backend) == ("command line", "embedded")
