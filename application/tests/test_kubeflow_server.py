"""The recorded Kubeflow server answers as Kubeflow 2.17 does, to clients that are not ours."""

import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from kfp import Client

from application.tests.kubeflow_runs import RECORDED, Route
from application.tests.kubeflow_server import KubeflowServer
from wafer.store import open_store

COMPILED = Path(__file__).parents[2] / "pipelines" / "compiled"
DIED = datetime(2026, 3, 21, 8, 15, tzinfo=UTC)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[KubeflowServer]:
    made = KubeflowServer(open_store(str(tmp_path / "store")))
    made.install_pipelines()
    yield made
    made.close()


@pytest.fixture
def client(server: KubeflowServer) -> Client:
    return Client(server.endpoint, namespace="default")


def tasks(client: Client, run_id: str) -> dict[str, str]:
    return {task.display_name: task.state for task in client.get_run(run_id).run_details.task_details}


@pytest.mark.parametrize("route", ["train", "predict"])
def test_the_recording_shows_every_task_of_the_compiled_graph(route: Route) -> None:
    spec = next(iter(yaml.safe_load_all((COMPILED / f"{route}.yaml").read_text())))
    components = spec["components"]
    dags = [spec["root"]["dag"], *(each["dag"] for each in components.values() if "dag" in each)]
    worked = {
        name
        for dag in dags
        for name, task in dag["tasks"].items()
        if "executorLabel" in components[task["componentRef"]["name"]]
    }

    assert worked == {*RECORDED[route].ends, "record-outcome"}
    assert RECORDED[route].graph == spec["pipelineInfo"]["name"]


def test_a_run_under_way_shows_the_tasks_it_has_come_to(server: KubeflowServer, client: Client) -> None:
    run_id = server.start_from_page("predict", "s3://bucket/drop")
    server.runs[run_id].state = "RUNNING"
    server.runs[run_id].done = 1

    shown = tasks(client, run_id)

    assert (shown["select-model"], shown["validate-driver"], shown["validate"]) == ("SUCCEEDED", "SUCCEEDED", "RUNNING")
    assert shown["root"] == "RUNNING"
    assert not {"transform", "record-outcome"} & set(shown)


def test_a_failed_run_is_retried_on_the_page_under_the_same_id(server: KubeflowServer, client: Client) -> None:
    run_id = server.start_from_page("predict", "s3://bucket/drop")
    server.fail(run_id, at=DIED)
    failed = client.get_run(run_id)

    server.retry_on_page(run_id)
    going = client.get_run(run_id)
    server.finish(run_id)
    done = client.get_run(run_id)

    assert (failed.state, failed.finished_at) == ("FAILED", DIED)
    assert (going.state, going.finished_at.year) == ("RUNNING", 1970)
    assert [each.state for each in done.state_history] == ["PENDING", "FAILED", "RUNNING", "SUCCEEDED"]
    assert done.run_id == run_id
    assert done.finished_at > DIED


def test_a_pod_that_cannot_start_is_pending_and_says_nothing(server: KubeflowServer, client: Client) -> None:
    run_id = server.start_from_page("predict", "s3://bucket/drop")

    server.withhold_pod(run_id)

    shown = client.get_run(run_id).run_details.task_details
    states = {task.display_name: task.state for task in shown}
    assert (states["select-model"], states["executor"]) == ("RUNNING", "PENDING")
    assert not [task for task in shown if task.error]


def test_a_hung_server_takes_a_request_and_answers_when_it_recovers(server: KubeflowServer) -> None:
    health = f"{server.endpoint}/apis/v2beta1/healthz"
    server.hang()

    with pytest.raises(TimeoutError):
        urllib.request.urlopen(health, timeout=0.2)

    server.recover()
    with urllib.request.urlopen(health, timeout=10) as answer:
        assert answer.status == 200


def test_a_plain_client_starts_a_run_of_a_compiled_package(server: KubeflowServer, client: Client) -> None:
    started = client.create_run_from_pipeline_package(
        str(COMPILED / "train.yaml"), arguments={"source": "s3://bucket/drop"}
    )

    served = server.runs[started.run_id]
    assert (served.route, served.source, served.wafer_id) == ("train", "s3://bucket/drop", started.run_id)
