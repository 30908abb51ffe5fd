"""One contract for both places that execute runs, and what each promises besides it."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from application.backends.base import Backend
from application.backends.kubeflow.backend import KubeflowBackend
from application.backends.kubeflow.packages import GRAPHS
from application.backends.local import processes
from application.backends.local.backend import EmbeddedBackend
from application.errors import BackendUnavailable, PackageNotFound, RequestInvalid
from application.runs.run import Run, new_run
from application.tests.fakes import FakeBackend
from application.tests.kubeflow_server import KubeflowServer
from application.tests.leavings import write_record
from wafer.errors import RunNotFound, RunNotRetryable
from wafer.runs import Pipeline
from wafer.settings import Settings
from wafer.store import Store, open_store, read_marker

WORKER = (sys.executable, "-m", "application.tests.fake_worker")


class Bench(Protocol):
    """A backend, and the hand that moves its runs."""

    backend: Backend
    store: Store

    def start(self, pipeline: Pipeline = "predict") -> Run: ...
    def succeed(self, run: Run) -> None: ...
    def fail(self, run: Run) -> None: ...
    def kill(self, run: Run) -> None: ...


class EmbeddedBench:
    """Real worker processes that wait for a word."""

    def __init__(self, home: Path) -> None:
        self.settings = Settings(WAFER_HOME=home, WAFER_STORE=str(home / "store"))
        self.backend = EmbeddedBackend(self.settings, WORKER)
        self.store = open_store(self.settings.store_uri)
        self.pipes = Path(os.environ["WAFER_TEST_PIPES"])

    def wanted(self, pipeline: Pipeline = "predict") -> Run:
        made = new_run(pipeline, "folder", {})
        os.mkfifo(self.pipes / made.run_id)
        return made

    def start(self, pipeline: Pipeline = "predict") -> Run:
        return started(self.backend, self.wanted(pipeline))

    def succeed(self, run: Run) -> None:
        self.tell(run, "succeed")
        self.await_end(run)

    def fail(self, run: Run) -> None:
        self.tell(run, "fail")
        self.await_end(run)

    def kill(self, run: Run) -> None:
        os.kill(self.pid(run), signal.SIGKILL)
        self.await_end(run)

    def tell(self, run: Run, word: str) -> None:
        (self.pipes / run.run_id).write_text(word)

    def pid(self, run: Run) -> int:
        return int((self.settings.runs_dir / run.run_id / "pid").read_text())

    def await_end(self, run: Run) -> None:
        self.backend._children[run.run_id].wait()

    def end_all(self) -> None:
        for run_id in list(self.backend._children):
            processes.stop(self.settings, run_id)
            self.backend._reap(run_id)


class KubeflowBench:
    """The recorded-contract server through the real `kfp.Client`."""

    def __init__(self, server: KubeflowServer) -> None:
        self.server = server
        self.store = server.store
        self.backend = KubeflowBackend(server.endpoint, server.store)

    def start(self, pipeline: Pipeline = "predict") -> Run:
        return started(self.backend, new_run(pipeline, "s3://bucket/drop", {"false_alarm_budget": 0.1}))

    def succeed(self, run: Run) -> None:
        self.server.finish(run.run_id)

    def fail(self, run: Run) -> None:
        self.server.fail(run.run_id)

    def kill(self, run: Run) -> None:
        self.server.fail(run.run_id, code="")


class FakeBench:
    """The fake that stands in for a backend in the service's tests: it has to keep the same promises."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.backend = FakeBackend(store)

    def start(self, pipeline: Pipeline = "predict") -> Run:
        return started(self.backend, new_run(pipeline, "folder", {}))

    def succeed(self, run: Run) -> None:
        self.backend.succeed(run.run_id)

    def fail(self, run: Run) -> None:
        self.backend.fail(run.run_id)

    def kill(self, run: Run) -> None:
        self.backend.die(run.run_id)


def started(backend: Backend, run: Run) -> Run:
    """The run as the service knows it once it was started."""
    return replace(run, state="running", backend=backend.name, native_id=backend.start(run))


@pytest.fixture
def workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedBench]:
    (tmp_path / "pipes").mkdir()
    monkeypatch.setenv("WAFER_TEST_PIPES", str(tmp_path / "pipes"))
    made = EmbeddedBench(tmp_path / "home")
    yield made
    made.end_all()


@pytest.fixture
def cluster(server: KubeflowServer) -> KubeflowBench:
    return KubeflowBench(server)


@pytest.fixture
def fake(tmp_path: Path) -> FakeBench:
    return FakeBench(open_store(str(tmp_path / "store")))


@pytest.fixture(params=[pytest.param("workers", marks=pytest.mark.slow), "cluster", "fake"])
def bench(request: pytest.FixtureRequest) -> Bench:
    found: Bench = request.getfixturevalue(request.param)
    return found


def test_a_started_run_is_running(bench: Bench) -> None:
    run = bench.start()

    assert bench.backend.look(run).state == "running"


def test_a_run_that_succeeded_has_published_and_names_its_stages(bench: Bench) -> None:
    run = bench.start()
    bench.succeed(run)

    seen = bench.backend.look(run)

    assert (seen.state, seen.error) == ("succeeded", None)
    assert seen.finished
    assert "predictions.csv" in read_marker(bench.store, f"predictions/{run.run_id}").files
    tasks = {task.name: task for task in seen.tasks}
    assert tasks["validate"].counts["rows_quarantined"] == 2
    assert all(task.state == "succeeded" for task in seen.tasks)


def test_a_run_that_failed_names_the_stage_and_its_word(bench: Bench) -> None:
    run = bench.start("train")
    bench.fail(run)

    seen = bench.backend.look(run)

    assert seen.state == "failed"
    assert seen.error
    assert (seen.error.code, seen.error.stage) == ("NO_GOOD_FILES", "validate")


def test_a_run_killed_without_a_word_has_failed_and_can_be_retried(bench: Bench) -> None:
    run = bench.start()
    bench.kill(run)

    seen = bench.backend.look(run)

    assert seen.state == "failed"
    assert seen.error
    assert (seen.error.code, seen.error.retry_helps) == ("STAGE_FAILED", True)


def test_starting_the_same_run_twice_starts_it_once(bench: Bench) -> None:
    first = bench.start()

    assert bench.backend.start(first) == first.native_id
    bench.succeed(first)
    assert bench.backend.start(first) == first.native_id
    assert bench.backend.look(first).state == "succeeded"


def test_a_run_that_was_removed_can_be_removed_again(bench: Bench) -> None:
    run = bench.start()
    bench.succeed(run)
    bench.backend.look(run)

    bench.backend.forget(run)
    bench.backend.forget(run)


def test_a_cancelled_run_ends_without_success(bench: Bench) -> None:
    run = bench.start()
    bench.backend.cancel(run)
    bench.backend.cancel(run)

    assert bench.backend.look(run).state == "failed"


def test_a_retried_run_runs_again_and_its_old_failure_is_no_longer_told(bench: Bench) -> None:
    run = bench.start()
    bench.fail(run)

    bench.backend.retry(run)
    going = bench.backend.look(run)
    bench.backend.retry(run)
    bench.succeed(run)

    assert going.state == "running"
    assert not [task for task in going.tasks if task.state == "failed"]
    assert bench.backend.look(run).state == "succeeded"


def test_a_run_that_succeeded_is_not_retried(bench: Bench) -> None:
    run = bench.start()
    bench.succeed(run)

    with pytest.raises(RunNotRetryable):
        bench.backend.retry(run)


def test_a_run_nobody_started_is_not_found(bench: Bench) -> None:
    with pytest.raises(RunNotFound):
        bench.backend.look(Run("predict-never", "predict", "folder", {}, "", native_id="predict-never"))


def test_a_backend_that_answers_is_ready(bench: Bench) -> None:
    bench.backend.check()


def test_a_run_outlives_the_service_that_started_it(workers: EmbeddedBench) -> None:
    run = workers.start()
    restarted = EmbeddedBackend(workers.settings, WORKER)

    before = restarted.look(run)
    workers.kill(run)
    after = restarted.look(run)

    assert (before.state, after.state) == ("running", "failed")


def test_cancel_ends_the_stage_processes_too(workers: EmbeddedBench) -> None:
    run = workers.start()
    os.mkfifo(workers.pipes / f"{run.run_id}-child")
    workers.tell(run, "child")
    child = int((workers.pipes / f"{run.run_id}-child").read_text())

    workers.backend.cancel(run)

    assert not _lives(child)
    assert not _lives(workers.pid(run))


def test_a_stage_that_outlived_its_worker_is_ended_before_the_run_is_judged(workers: EmbeddedBench) -> None:
    run = workers.start()
    os.mkfifo(workers.pipes / f"{run.run_id}-child")
    workers.tell(run, "child")
    child = int((workers.pipes / f"{run.run_id}-child").read_text())

    workers.kill(run)
    seen = workers.backend.look(run)

    assert seen.state == "failed"
    assert not _lives(child)


def test_of_many_starters_one_starts_the_worker(workers: EmbeddedBench) -> None:
    run = workers.wanted()
    backends = [EmbeddedBackend(workers.settings, WORKER) for _ in range(8)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda backend: backend.start(run), backends))

    (starter,) = [backend for backend in backends if backend._children]
    (workers.pipes / run.run_id).write_text("succeed")
    starter._children[run.run_id].wait()
    assert (workers.settings.runs_dir / run.run_id / "log.txt").read_text() == ""


def test_a_home_that_cannot_be_written_is_not_ready(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(BackendUnavailable):
        EmbeddedBackend(Settings(WAFER_HOME=tmp_path / "file")).check()


def test_the_package_in_the_store_is_run_with_the_runs_id_and_parameters(cluster: KubeflowBench) -> None:
    run = new_run("train", "s3://bucket/drop", {"seed": 3, "max_clusters": 4})

    native_id = cluster.backend.start(run)

    body = cluster.server.runs[native_id].body
    assert body["display_name"] == run.run_id
    assert body["runtime_config"]["parameters"] == {
        "source": "s3://bucket/drop",
        "run_id": run.run_id,
        "seed": 3,
        "max_clusters": 4,
    }
    assert body["pipeline_spec"]["pipeline_spec"]["pipelineInfo"]["name"] == "wafer-fault-training"
    assert "kubernetes" in body["pipeline_spec"]["platform_spec"]["platforms"]
    assert list(cluster.server.experiments) == ["wafer-fault"]


def test_without_a_package_in_the_store_the_newest_version_on_the_server_is_run(cluster: KubeflowBench) -> None:
    cluster.store.delete("pipelines/predict.yaml")
    cluster.server.install_pipelines()

    run = cluster.start()

    reference = cluster.server.runs[run.native_id].body["pipeline_version_reference"]
    assert reference["pipeline_version_id"] == "predict-newest"
    assert outcome_of_success(cluster, run)


def outcome_of_success(cluster: KubeflowBench, run: Run) -> bool:
    cluster.succeed(run)
    return cluster.backend.look(run).state == "succeeded"


def test_without_any_package_nothing_is_started(cluster: KubeflowBench) -> None:
    cluster.store.delete("pipelines/predict.yaml")

    with pytest.raises(PackageNotFound):
        cluster.start()
    assert cluster.server.created == 0


@pytest.mark.parametrize("text", [b"[1, 2", b"just text", b""])
def test_a_package_that_is_none_is_refused(cluster: KubeflowBench, text: bytes) -> None:
    cluster.store.put("pipelines/predict.yaml", text)

    with pytest.raises(PackageNotFound):
        cluster.start()


def test_a_run_of_kubeflows_page_has_kubeflows_id_and_other_teams_runs_are_left_alone(cluster: KubeflowBench) -> None:
    cluster.server.install_pipelines()
    cluster.server.start_foreign()
    page = cluster.server.start_from_page("train", "s3://bucket/theirs")

    (found,) = cluster.backend.recent()

    assert (found.run_id, found.native_id, found.backend) == (page, page, "kubeflow")
    assert (found.pipeline, found.source, found.requested_by) == ("train", "s3://bucket/theirs", "kubeflow")
    assert found.parameters == {"seed": 7}


def test_runs_started_on_kubeflows_page_are_listed_with_ours(cluster: KubeflowBench) -> None:
    ours = cluster.start()
    cluster.server.install_pipelines()
    theirs = cluster.server.start_from_page("predict", "s3://bucket/drop")

    assert {run.run_id for run in cluster.backend.recent()} == {ours.run_id, theirs}
    assert [run.run_id for run in cluster.backend.recent({ours.run_id})] == [theirs]


def test_stages_come_from_records_and_tasks_without_a_record_are_told_by_kubeflow(cluster: KubeflowBench) -> None:
    run = cluster.start("train")
    served = cluster.server.runs[run.native_id]
    served.state, served.done = "RUNNING", 2
    write_record(cluster.store, run.run_id, "validate", counts={"files": 3})

    stages = {task.name: task for task in cluster.backend.look(run).tasks}

    assert {name: stage.state for name, stage in stages.items()} == {
        "validate": "succeeded",
        "transform": "succeeded",
        "load": "running",
    }
    assert stages["validate"].counts == {"files": 3}


def test_a_pod_that_died_is_told_as_the_stage_that_failed(cluster: KubeflowBench) -> None:
    run = cluster.start("train")
    cluster.server.runs[run.native_id].done = 3
    cluster.kill(run)

    seen = cluster.backend.look(run)

    assert seen.error
    assert seen.error.stage == "preprocess"


def test_a_run_killed_on_kubeflow_ended_when_kubeflow_says(cluster: KubeflowBench) -> None:
    died = datetime(2126, 3, 21, 8, 15, tzinfo=UTC)
    run = cluster.start("train")
    write_record(cluster.store, run.run_id, "validate", started=1000.0)
    write_record(cluster.store, run.run_id, "transform", "running", started=1003.0)
    cluster.server.fail(run.run_id, code="", at=died)

    assert cluster.backend.look(run).finished == "2126-03-21T08:15:00.000+00:00"


def test_a_killed_worker_ended_when_its_log_did(workers: EmbeddedBench) -> None:
    run = workers.start()
    write_record(workers.store, run.run_id, "validate", started=1000.0)
    write_record(workers.store, run.run_id, "transform", "running", started=1003.0)
    workers.kill(run)
    os.utime(workers.settings.runs_dir / run.run_id / "log.txt", (2000.0, 2000.0))

    assert workers.backend.look(run).finished == "1970-01-01T00:33:20.000+00:00"


def test_a_schedule_is_one_recurring_run_that_decides_and_is_replaced_and_ended(cluster: KubeflowBench) -> None:
    image = "registry.example/wafer-fault/application@sha256:1"
    kept = []
    for cron in ("0 6 * * *", "30 6 * * 1", ""):
        cluster.backend.schedule(cron, image)
        kept.append([each["trigger"]["cron_schedule"]["cron"] for each in cluster.server.recurring.values()])
        if cron:
            (made,) = cluster.server.recurring.values()

    assert kept == [["0 0 6 * * *"], ["0 30 6 * * 1"], []]
    assert (made["max_concurrency"], made["no_catchup"], made["mode"]) == ("1", True, "ENABLE")
    spec = made["pipeline_spec"]
    (executor,) = spec["pipeline_spec"]["deploymentSpec"]["executors"].values()
    assert (executor["container"]["image"], executor["container"]["command"]) == (image, ["wafer"])
    assert executor["container"]["args"][0] == "retrain"
    named = str(spec["platform_spec"])
    assert all(name in named for name in ("WAFER_LEDGER", "KFP_ENDPOINT", "MONGODB_URI", "runAsNonRoot"))
    assert "wafer-fault-retraining" not in GRAPHS


def test_a_schedule_that_cannot_be_is_refused(cluster: KubeflowBench, workers: EmbeddedBench) -> None:
    tries: list[tuple[Backend, str, str]] = [(cluster.backend, "daily", "i"), (cluster.backend, "0 6 * * *", "")]
    for backend, cron, image in [*tries, (workers.backend, "0 6 * * *", "i")]:
        with pytest.raises(RequestInvalid):
            backend.schedule(cron, image)

    assert not cluster.server.recurring


@pytest.mark.parametrize(("minutes", "state"), [(1, "running"), (3, "starting")])
def test_a_stage_whose_pod_does_not_begin_is_starting_after_a_while(
    cluster: KubeflowBench, minutes: int, state: str
) -> None:
    run = cluster.start()
    cluster.server.runs[run.native_id].created -= timedelta(minutes=minutes)
    cluster.server.withhold_pod(run.run_id)

    seen = cluster.backend.look(run)

    waiting = seen.tasks[0]
    assert (seen.state, waiting.state) == ("running", state)
    assert bool(waiting.error and "image" in waiting.error.message) == (state == "starting")


def test_a_stage_that_has_left_a_record_is_running_for_hours(cluster: KubeflowBench) -> None:
    run = cluster.start()
    served = cluster.server.runs[run.native_id]
    served.created -= timedelta(hours=3)
    served.state = "RUNNING"
    write_record(cluster.store, run.run_id, served.stages[0], "running")

    told = {task.name: task for task in cluster.backend.look(run).tasks}

    assert (told[served.stages[0]].state, told[served.stages[0]].error) == ("running", None)


def test_what_is_published_counts_and_not_the_servers_word(cluster: KubeflowBench) -> None:
    published, empty = cluster.start(), cluster.start()
    cluster.succeed(published)
    cluster.server.runs[published.native_id].state = "FAILED"
    cluster.server.runs[empty.native_id].state = "SUCCEEDED"

    assert cluster.backend.look(published).state == "succeeded"
    assert cluster.backend.look(empty).state == "failed"


def test_the_service_accounts_token_is_sent_as_it_is_now(server: KubeflowServer, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("first")
    backend = KubeflowBackend(server.endpoint, server.store, token=token)

    backend.check()
    token.write_text("second")
    backend.check()

    assert [headers.get("authorization") for headers in server.headers] == ["Bearer first", "Bearer second"]


def test_without_a_token_none_is_sent(cluster: KubeflowBench) -> None:
    cluster.backend.check()

    assert "authorization" not in {name.lower() for name in cluster.server.headers[-1]}


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_a_server_that_refuses_makes_the_backend_unavailable(cluster: KubeflowBench, status: int) -> None:
    run = cluster.start()
    cluster.server.refuse = status
    asks: list[Callable[[], object]] = [
        cluster.backend.check,
        cluster.backend.recent,
        cluster.start,
        lambda: cluster.backend.look(run),
        lambda: cluster.backend.cancel(run),
        lambda: cluster.backend.retry(run),
    ]

    for ask in asks:
        with pytest.raises(BackendUnavailable):
            ask()


def test_a_server_that_is_not_there_makes_the_backend_unavailable(server: KubeflowServer) -> None:
    with pytest.raises(BackendUnavailable):
        KubeflowBackend("http://127.0.0.1:9", server.store).check()


def _lives(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
