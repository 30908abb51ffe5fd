"""What the service promises over a Kubeflow that hangs, retries on its own page, or cannot start a pod."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from application.backends.kubeflow.backend import KubeflowBackend
from application.tests.kubeflow_server import KubeflowServer
from application.tests.serving import MakeService, Service

PATIENCE = 12  # seconds: a probe allows 5, these machines are slow; repeated calls without an end took 20 to 120


@pytest.fixture
def kubeflow(server: KubeflowServer) -> KubeflowBackend:
    return KubeflowBackend(server.endpoint, server.store)


@pytest.fixture
def clustered(make_service: MakeService, kubeflow: KubeflowBackend, tmp_path: Path) -> Service:
    store = f"{tmp_path}/store"
    return make_service(store_uri=store, over=kubeflow, WAFER_SOURCES="s3://bucket")


@pytest.fixture
def client(clustered: Service) -> Iterator[httpx.Client]:
    with clustered.client() as made:
        clustered.parts.runs.check()  # its first question takes the import of kfp besides
        made.timeout = httpx.Timeout(PATIENCE)
        yield made


@pytest.fixture
def hang(server: KubeflowServer, kubeflow: KubeflowBackend) -> Callable[[], None]:
    """Let the server hang; a second is long enough to wait for what never comes."""

    def hung() -> None:
        server.hang()
        kubeflow.patience = 1.0

    return hung


@pytest.fixture
def recover(server: KubeflowServer, kubeflow: KubeflowBackend) -> Callable[[], None]:
    """Let the server answer again, and wait for it as long as ever."""

    def recovered() -> None:
        server.recover()
        kubeflow.patience = PATIENCE

    return recovered


def start(clustered: Service, client: httpx.Client, pipeline: str = "predict") -> str:
    answer = client.post(f"/{pipeline}", json={"source": clustered.batches(f"raw/{pipeline}/lot-1")})
    assert answer.status_code == 202
    return str(answer.json()["run_id"])


def test_a_hung_kubeflow_is_told_to_the_probe_in_time(client: httpx.Client, hang: Callable[[], None]) -> None:
    hang()

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["checks"]) == (503, {"store": True, "runs": False})


def test_runs_of_a_hung_kubeflow_wait_and_start_once_it_answers(
    clustered: Service,
    client: httpx.Client,
    server: KubeflowServer,
    hang: Callable[[], None],
    recover: Callable[[], None],
) -> None:
    hang()
    waiting = [start(clustered, client) for _ in range(2)]
    hung = [client.get(f"/runs/{run_id}").json()["state"] for run_id in waiting]

    recover()
    clustered.parts.runs.tick()

    assert hung == ["queued", "queued"]
    assert {run.run_id for run in clustered.parts.runs.active() if run.state == "running"} == set(waiting)
    assert server.created == 2


def test_a_retry_on_kubeflows_page_is_noticed_while_it_runs_and_when_it_succeeds(
    clustered: Service, client: httpx.Client, server: KubeflowServer
) -> None:
    run_id = start(clustered, client)
    server.fail(run_id)
    failed = client.get(f"/runs/{run_id}").json()

    server.retry_on_page(run_id)
    clustered.parts.runs.revisit()
    going = client.get(f"/runs/{run_id}").json()
    server.finish(run_id)
    clustered.parts.runs.tick()
    done = client.get(f"/runs/{run_id}").json()

    assert [each["state"] for each in (failed, going, done)] == ["failed", "running", "succeeded"]
    assert (going["error"], going["finished"], going["attempt"]) == (None, None, 2)
    (reason,) = done["retries"]
    assert reason.startswith("Retried on Kubeflow's page after NO_GOOD_FILES")
    assert {each["name"] for each in done["outputs"]} >= {"predictions.csv"}


def failed_run(clustered: Service, client: httpx.Client, server: KubeflowServer) -> str:
    """The id of a run that is known to have failed."""
    run_id = start(clustered, client)
    server.fail(run_id)
    clustered.parts.runs.tick()
    return run_id


def test_asking_for_a_failed_run_is_enough_to_notice_that_it_was_published(
    clustered: Service, client: httpx.Client, server: KubeflowServer
) -> None:
    run_id = failed_run(clustered, client, server)

    server.retry_on_page(run_id)
    server.finish(run_id)

    assert client.get(f"/runs/{run_id}").json()["state"] == "succeeded"


def test_a_run_that_nobody_retries_stays_failed_and_is_looked_at_ever_more_rarely(
    clustered: Service, client: httpx.Client, server: KubeflowServer
) -> None:
    run_id = start(clustered, client)
    server.fail(run_id, at=datetime.now(UTC) - timedelta(minutes=30))
    clustered.parts.runs.tick()
    clustered.parts.runs.revisit()
    asked = len(server.headers)

    for _ in range(5):
        clustered.parts.runs.revisit()

    assert len(server.headers) == asked
    assert clustered.parts.runs.find(run_id).attempt == 1


def test_a_run_that_failed_long_ago_is_looked_at_when_somebody_asks_for_it(
    clustered: Service, client: httpx.Client, server: KubeflowServer
) -> None:
    run_id = start(clustered, client)
    server.find(run_id).created -= timedelta(hours=51)
    server.fail(run_id, code="", at=datetime.now(UTC) - timedelta(hours=50))
    clustered.parts.runs.tick()
    server.retry_on_page(run_id)
    asked = len(server.headers)

    clustered.parts.runs.revisit()

    assert len(server.headers) == asked
    assert client.get(f"/runs/{run_id}").json()["state"] == "running"


def test_a_hung_kubeflow_still_shows_what_is_known_of_a_failed_run(
    clustered: Service, client: httpx.Client, server: KubeflowServer
) -> None:
    run_id = failed_run(clustered, client, server)
    server.refuse = 503

    assert client.get(f"/runs/{run_id}").json()["state"] == "failed"


def test_a_run_whose_pod_was_lost_is_retried_by_itself_once(
    clustered: Service, client: httpx.Client, server: KubeflowServer, kubeflow: KubeflowBackend
) -> None:
    kubeflow.auto_retries = 1
    run_id = start(clustered, client)

    server.fail(run_id, code="")
    clustered.parts.runs.tick()
    again = client.get(f"/runs/{run_id}").json()
    server.fail(run_id, code="")
    clustered.parts.runs.tick()
    ended = client.get(f"/runs/{run_id}").json()

    assert (again["state"], again["attempt"], again["error"]) == ("running", 2, None)
    (reason,) = again["retries"]
    assert reason.startswith("Retried by itself after STAGE_FAILED in stage ")
    assert (ended["state"], ended["attempt"], ended["error"]["code"]) == ("failed", 2, "STAGE_FAILED")


def test_a_run_that_no_retry_helps_or_that_was_cancelled_is_not_retried_by_itself(
    clustered: Service, client: httpx.Client, server: KubeflowServer, kubeflow: KubeflowBackend
) -> None:
    kubeflow.auto_retries = 1
    refused, cancelled = start(clustered, client), start(clustered, client)

    server.fail(refused)
    client.post(f"/runs/{cancelled}/cancel")
    clustered.parts.runs.tick()

    shown = [client.get(f"/runs/{run_id}").json() for run_id in (refused, cancelled)]
    assert [(run["state"], run["attempt"]) for run in shown] == [("failed", 1), ("cancelled", 1)]


def test_a_pod_that_cannot_start_is_told_with_what_it_may_wait_for(
    clustered: Service, client: httpx.Client, server: KubeflowServer
) -> None:
    run_id = start(clustered, client)
    server.find(run_id).created -= timedelta(minutes=3)
    server.withhold_pod(run_id)

    told = client.get(f"/runs/{run_id}").json()

    waiting = next(stage for stage in told["stages"] if stage["state"] == "starting")
    assert (told["state"], waiting["error"]["code"]) == ("running", "POD_NOT_STARTED")
    assert "kubectl get events" in waiting["error"]["message"]


def test_a_hung_kubeflow_refuses_a_training_in_time(
    clustered: Service, client: httpx.Client, hang: Callable[[], None]
) -> None:
    hang()

    answer = client.post("/train", json={"source": clustered.batches()})

    assert (answer.status_code, answer.json()["code"]) == (503, "BACKEND_UNAVAILABLE")
    assert answer.json()["retry_helps"]
