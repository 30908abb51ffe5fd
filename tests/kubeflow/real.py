"""A real Kubeflow, used so that nothing stays: a store, an experiment and pipeline versions of these tests' own.

Tasks run in the images of `make images` (`IMAGES`, the file it wrote; or `IMAGE_REGISTRY` and `TAG`) with the settings
of the cluster's ConfigMap and Secret, except for the store: each task is told the tests' own one.
"""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from time import time
from typing import Any
from uuid import uuid4

import pytest
import yaml
from kfp import Client, compiler

from application.backends.kubeflow.backend import KubeflowBackend
from application.synthetic import write_synthetic
from pipelines.compile import graphs
from pipelines.images import STAGES, Images, read_images
from pipelines.tasks import Deployment
from tests.kubeflow.cluster import PATIENCE_SECONDS, Cluster
from tests.kubeflow.traces import (
    end_runs,
    model_versions,
    remove_documents,
    remove_models,
    remove_objects,
    remove_version,
)
from wafer.store import Store, open_store

POLL_SECONDS = 5


@contextmanager
def real_cluster(endpoint: str, folder: Path, poll_seconds: float = POLL_SECONDS) -> Iterator[Cluster]:
    """The server at an endpoint. What runs leave is removed at the end, unless `WAFER_TEST_KEEP` is set."""
    name, began = f"wafer-fault-tests-{uuid4().hex[:8]}", time()
    tracking, namespace = os.environ.get("MLFLOW_TRACKING_URI", ""), os.environ.get("KFP_NAMESPACE", "")
    store = _own_store(name)
    _refuse_a_registry_in_use(tracking)
    client = Client(endpoint, namespace=namespace or "default")
    with ExitStack() as traces:
        traces.callback(remove_objects, store)
        traces.callback(remove_models, tracking, began)
        sources, digests = _put_batches(store, folder)
        traces.callback(remove_documents, os.environ.get("MONGODB_URI", ""), digests)
        for pipeline_id, version_id in _install_packages(client, store, folder, name):
            traces.callback(remove_version, client, pipeline_id, version_id)
        traces.callback(end_runs, client, name, poll_seconds)
        backend = KubeflowBackend(endpoint, store, experiment=name, namespace=namespace)
        yield Cluster(endpoint, name, backend, store, sources, poll_seconds, PATIENCE_SECONDS)
        if os.environ.get("WAFER_TEST_KEEP"):
            traces.pop_all()


def _own_store(name: str) -> Store:
    """A folder of this run's own below `WAFER_STORE`; or `WAFER_TEST_STORE` as it is, which has to be empty."""
    given = os.environ.get("WAFER_TEST_STORE", "")
    if given:
        store = open_store(given)
        if store.keys(""):
            pytest.fail(f"WAFER_TEST_STORE={given} is not empty, and everything in it would be removed. Give another.")
        return store
    if "WAFER_STORE" not in os.environ:
        pytest.fail("Give the store that tasks can write to: WAFER_STORE (a folder of our own is made below it).")
    return open_store(f"{os.environ['WAFER_STORE'].rstrip('/')}/tests/{name}")


def _refuse_a_registry_in_use(tracking: str) -> None:
    """A training promotes, so it may run only where no model of anybody's is."""
    if not tracking:
        pytest.fail("Give the registry that tasks use: MLFLOW_TRACKING_URI. It has to be empty.")
    known = model_versions(tracking)
    if known:
        pytest.fail(
            f"The registry has {known} versions of the model, and these tests train and promote. Give the cluster "
            "a registry of its own for them (`MLFLOW_TRACKING_URI` here and in the ConfigMap wafer-settings)."
        )


def _install_packages(client: Client, store: Store, folder: Path, name: str) -> Iterator[tuple[str, str]]:
    """Publish both packages in the store and as versions on the server; the ids of pipeline and version."""
    for route, graph in graphs(Deployment(_images())).items():
        path, pipeline = folder / f"{route}.yaml", f"wafer-fault-{route}"
        compiler.Compiler().compile(graph, str(path))
        path.write_text(with_store(path.read_text(encoding="utf-8"), store.uri), encoding="utf-8")
        store.put(f"pipelines/{route}.yaml", path.read_bytes())
        pipeline_id = client.get_pipeline_id(pipeline)
        if pipeline_id:
            version = client.upload_pipeline_version(str(path), f"{name}-{route}", pipeline_id=pipeline_id)
            yield pipeline_id, str(version.pipeline_version_id)
        else:
            yield str(client.upload_pipeline(str(path), pipeline).pipeline_id), ""


def with_store(package: str, uri: str) -> str:
    """A compiled package whose tasks use another store than the cluster's ConfigMap names."""
    documents: list[dict[str, Any]] = list(yaml.load_all(package, Loader=yaml.CSafeLoader))
    spec, platform = documents
    for executor in spec["deploymentSpec"]["executors"].values():
        executor["container"]["env"] = [{"name": "WAFER_STORE", "value": uri}]
    for executor in platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"].values():
        for settings in executor["configMapAsEnv"]:
            settings["keyToEnv"] = [each for each in settings["keyToEnv"] if each["envVar"] != "WAFER_STORE"]
    return yaml.dump_all(documents, Dumper=yaml.CSafeDumper, sort_keys=False)


def _images() -> Images:
    listed = os.environ.get("IMAGES")
    if listed:
        named: Images = json.loads(Path(listed).read_text(encoding="utf-8"))
        assert set(STAGES) <= set(named)
        return read_images(Path(listed))
    registry, tag = os.environ["IMAGE_REGISTRY"], os.environ.get("TAG", "dev")
    return {stage: f"{registry}/{stage}:{tag}" for stage in STAGES}


def _put_batches(store: Store, folder: Path) -> tuple[dict[str, str], list[str]]:
    """Synthetic batches in the store, and a set of which every file is refused; the digests of the files."""
    write_synthetic(folder / "batches")
    sources, digests = {}, []
    for kind, prefix in (("training", "raw/train/tests"), ("prediction", "raw/predict/tests")):
        for path in sorted((folder / "batches" / kind).glob("*.csv")):
            store.upload(path, f"{prefix}/{path.name}")
            digests.append(sha256(path.read_bytes()).hexdigest())
        sources[kind] = f"{store.uri}/{prefix}"
    store.put("raw/train/broken/notes.csv", b"nothing that the contract knows\n")
    return {**sources, "broken": f"{store.uri}/raw/train/broken"}, digests
