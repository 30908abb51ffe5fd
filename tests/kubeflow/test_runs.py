"""Both DAGs on Kubeflow, through the application's backend: what a user of the service sees of them."""

import json

import pytest

from application.runs.run import Run
from pipelines.table import base_name, planned
from tests.kubeflow.cluster import PATIENCE_SECONDS, Cluster
from wafer.store import read_marker

# Longer than a run may take, and longer than pytest's own limit: a first run pulls every image.
pytestmark = [pytest.mark.xdist_group("kubeflow"), pytest.mark.timeout(2 * PATIENCE_SECONDS)]


@pytest.fixture(scope="module")
def trained(cluster: Cluster) -> tuple[Run, list[Run]]:
    """A training that ended; what it leaves in production is what the predictions use."""
    run = cluster.start("train", "training")
    return run, cluster.follow(run)


def test_a_training_ends_with_every_stage_a_version_and_a_decision(
    cluster: Cluster, trained: tuple[Run, list[Run]]
) -> None:
    run, seen = trained

    assert (seen[-1].state, seen[-1].error) == ("succeeded", None)
    assert {base_name(task.name) for task in seen[-1].tasks} == set(planned("train"))
    assert {task.state for task in seen[-1].tasks} == {"succeeded"}
    assert "decision.json" in read_marker(cluster.store, f"training/{run.run_id}").files
    assert json.loads(cluster.store.get(f"training/{run.run_id}/decision.json"))["model_version"] >= 1


def test_stages_are_seen_while_the_run_is_active(trained: tuple[Run, list[Run]]) -> None:
    _, seen = trained

    counts = [sum(task.state == "succeeded" for task in look.tasks) for look in seen]
    assert counts == sorted(counts)
    assert 0 < counts[len(counts) // 2] < counts[-1]


@pytest.mark.usefixtures("trained")
def test_a_prediction_ends_with_its_wafers_published(cluster: Cluster) -> None:
    run = cluster.start("predict", "prediction")

    ended = cluster.follow(run)[-1]

    assert (ended.state, ended.error) == ("succeeded", None)
    files = read_marker(cluster.store, f"predictions/{run.run_id}").files
    assert {"predictions.csv", "predictions.parquet", "manifest.json", "report.html"} <= set(files)


def test_a_run_whose_batches_are_all_refused_says_so_and_a_retry_continues_there(cluster: Cluster) -> None:
    run = cluster.start("train", "broken")

    ended = cluster.follow(run)[-1]
    cluster.backend.retry(run)
    again = cluster.backend.look(run)

    assert ended.error
    assert (ended.state, ended.error.stage, ended.error.code) == ("failed", "validate", "NO_GOOD_FILES")
    assert again.state == "running"
    cluster.backend.cancel(run)


def test_a_cancelled_run_ends_without_success(cluster: Cluster) -> None:
    run = cluster.start("train", "training")

    cluster.backend.cancel(run)
    ended = cluster.follow(run)[-1]

    assert ended.state == "failed"


def test_the_same_run_is_not_started_twice(cluster: Cluster) -> None:
    run = cluster.start("train", "broken")
    found = {each.native_id: each for each in cluster.backend.recent()}

    again = cluster.backend.start(found[run.native_id])

    assert again == run.native_id
    cluster.backend.cancel(run)


@pytest.mark.usefixtures("trained")
def test_a_run_started_on_kubeflows_page_appears_and_ends_like_ours(cluster: Cluster) -> None:
    native_id = cluster.start_from_page("predict", "prediction")

    found = next(each for each in cluster.backend.recent() if each.native_id == native_id)
    ended = cluster.follow(found)[-1]

    assert found.run_id == native_id
    assert (found.pipeline, found.source) == ("predict", cluster.sources["prediction"])
    assert ended.state == "succeeded"
    assert read_marker(cluster.store, f"predictions/{native_id}").run_id == native_id
