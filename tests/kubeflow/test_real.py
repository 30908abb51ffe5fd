"""What the tests on a real Kubeflow leave behind, shown on the recorded server: nothing, and what was there stays."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from mlflow import MlflowClient

from application.tests.kubeflow_server import KubeflowServer
from pipelines.packages import package
from tests.kubeflow.real import real_cluster, with_store
from tests.kubeflow.traces import model_versions
from wafer.store import Store, open_store

pytestmark = pytest.mark.slow  # both graphs are compiled, and MLflow makes a database


@pytest.fixture
def registry(tmp_path: Path, empty_registry: Path) -> str:
    (tmp_path / "mlflow.db").write_bytes(empty_registry.read_bytes())
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


@pytest.fixture
def store(tmp_path: Path, registry: str, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Somebody's store, which the cluster uses."""
    monkeypatch.setenv("WAFER_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry)
    monkeypatch.setenv("IMAGE_REGISTRY", "registry.example/wafer")
    for name in ("IMAGES", "MONGODB_URI", "KFP_NAMESPACE", "WAFER_TEST_STORE", "WAFER_TEST_KEEP"):
        monkeypatch.delenv(name, raising=False)
    made = open_store(str(tmp_path / "store"))
    made.put("pipelines/train.yaml", b"theirs")
    return made


@pytest.fixture
def server(store: Store) -> Iterator[KubeflowServer]:
    """Somebody's Kubeflow with the training pipeline installed."""
    made = KubeflowServer(store)
    made.install_pipelines()
    made.remove_pipeline("wafer-fault-predict")
    yield made
    made.close()


def test_what_was_there_stays_and_what_the_tests_wrote_goes(
    server: KubeflowServer, store: Store, tmp_path: Path
) -> None:
    theirs = server.start_from_page("train", "s3://bucket/theirs")
    before = (dict(server.pipelines), {name: list(found) for name, found in server.versions.items()})

    with real_cluster(server.endpoint, tmp_path, poll_seconds=0) as cluster:
        cluster.start("train", "training")
        cluster.start_from_page("predict", "prediction")
        during = (len(server.runs), len(server.pipelines), len(store.keys("")))

    assert during[:2] == (3, 3)
    assert during[2] > 1
    assert list(server.runs) == [theirs]
    assert (server.pipelines, server.versions) == before
    assert server.experiments == {}
    assert [item.key for item in store.keys("")] == ["pipelines/train.yaml"]


def test_nothing_is_started_where_a_model_is_registered(
    server: KubeflowServer, store: Store, registry: str, tmp_path: Path
) -> None:
    theirs = MlflowClient(registry, registry)
    theirs.create_registered_model("wafer-fault")
    theirs.create_model_version("wafer-fault", str(tmp_path))

    with pytest.raises(pytest.fail.Exception, match="registry of its own"), real_cluster(server.endpoint, tmp_path):
        pass

    assert server.created == 0
    assert model_versions(registry) == 1
    assert [item.key for item in store.keys("")] == ["pipelines/train.yaml"]


def test_a_given_store_that_is_not_empty_is_refused(
    server: KubeflowServer, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAFER_TEST_STORE", store.uri)

    with pytest.raises(pytest.fail.Exception, match="not empty"), real_cluster(server.endpoint, tmp_path):
        pass

    assert [item.key for item in store.keys("")] == ["pipelines/train.yaml"]


@pytest.mark.parametrize("route", ["train", "predict"])
def test_every_task_is_told_the_tests_own_store_and_no_other(route: str) -> None:
    spec, platform = yaml.safe_load_all(with_store(package(route), "s3://bucket/ours"))

    executors = spec["deploymentSpec"]["executors"]
    settings = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert {each["value"] for executor in executors.values() for each in executor["container"]["env"]} == {
        "s3://bucket/ours"
    }
    assert executors.keys() == settings.keys()
    assert "WAFER_STORE" not in yaml.safe_dump(settings)
    assert "MLFLOW_TRACKING_URI" in yaml.safe_dump(settings)
