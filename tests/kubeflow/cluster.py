"""The Kubeflow that the tests of this folder speak to: the one at `KFP_ENDPOINT`, or the recorded-contract server.

On a real one, tasks run in the images of `make images` (`IMAGES`, the file it wrote; or `IMAGE_REGISTRY` and `TAG`)
with the settings of the cluster's ConfigMap and Secret; `WAFER_STORE` and the AWS environment name the same store here.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from kfp import Client

from application.backends.kubeflow.backend import KubeflowBackend
from application.backends.kubeflow.packages import ON_SERVER
from application.runs.run import Parameters, Run, new_run
from application.synthetic import write_synthetic
from application.tests.kubeflow_server import KubeflowServer
from pipelines.compile import graphs
from pipelines.images import STAGES, Images, read_images
from pipelines.packages import PIPELINES, package
from wafer.runs import Pipeline
from wafer.store import Store, layout, open_store

EXPERIMENT = "wafer-fault-tests"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A backend over a Kubeflow, batches for its runs, and how long a run may take."""

    endpoint: str
    backend: KubeflowBackend
    store: Store
    sources: dict[str, str]
    poll_seconds: float
    patience_seconds: float

    def start(self, pipeline: Pipeline, source: str) -> Run:
        """Start a run over one of the sources."""
        parameters: Parameters = {"max_clusters": 2, "seed": 7} if pipeline == "train" else {}
        run = new_run(pipeline, self.sources[source], parameters)
        return replace(run, state="running", native_id=self.backend.start(run))

    def start_from_page(self, pipeline: Pipeline, source: str) -> str:
        """Start the newest version on the server as its page does: parameters with defaults, no run id; its id."""
        client = Client(self.endpoint, namespace="default")
        pipeline_id = client.get_pipeline_id(ON_SERVER[pipeline])
        versions = client.list_pipeline_versions(pipeline_id, sort_by="created_at desc", page_size=1)
        experiment = client.create_experiment(EXPERIMENT)
        started = client.run_pipeline(
            experiment.experiment_id,
            "from the page",
            pipeline_id=pipeline_id,
            version_id=versions.pipeline_versions[0].pipeline_version_id,
            params={"source": self.sources[source]},
        )
        return str(started.run_id)

    def follow(self, run: Run) -> list[Run]:
        """Look until the run has ended; what was seen."""
        seen: list[Run] = []
        deadline = time.monotonic() + self.patience_seconds
        while not seen or seen[-1].active:
            assert time.monotonic() < deadline, f"{run.run_id} did not end in {self.patience_seconds} s: {seen[-1:]}"
            time.sleep(self.poll_seconds)
            seen.append(self.backend.look(run))
        return seen


@contextmanager
def recorded_cluster(folder: Path) -> Iterator[Cluster]:
    """The recorded-contract server, whose runs advance by one stage a look."""
    store = open_store(str(folder / "store"))
    server = KubeflowServer(store, automatic=True)
    for name in PIPELINES:
        store.put(f"pipelines/{name}.yaml", package(name).encode())
    server.install_pipelines()
    sources = {name: f"s3://bucket/{name}" for name in ("training", "prediction", "broken")}
    backend = KubeflowBackend(server.endpoint, store, experiment=EXPERIMENT)
    try:
        yield Cluster(server.endpoint, backend, store, sources, 0, 60)
    finally:
        server.close()


@contextmanager
def real_cluster(endpoint: str, folder: Path) -> Iterator[Cluster]:
    """The server at an endpoint, with both packages uploaded to the store and to the server."""
    store = open_store(os.environ["WAFER_STORE"])
    _install_packages(Client(endpoint, namespace="default"), store, folder)
    sources = _put_batches(store, folder)
    backend = KubeflowBackend(endpoint, store, experiment=EXPERIMENT, namespace=os.environ.get("KFP_NAMESPACE", ""))
    yield Cluster(endpoint, backend, store, sources, 5, 3600)


def _install_packages(client: Client, store: Store, folder: Path) -> None:
    from kfp import compiler

    for route, graph in graphs(_images()).items():
        path, name = folder / f"{route}.yaml", f"wafer-fault-{route}"
        compiler.Compiler().compile(graph, str(path))
        store.put(layout.package("train" if route == "train" else "predict"), path.read_bytes())
        known = client.get_pipeline_id(name)
        if known:
            client.upload_pipeline_version(str(path), f"{name}-{uuid4().hex[:8]}", pipeline_id=known)
        else:
            client.upload_pipeline(str(path), name)


def _images() -> Images:
    listed = os.environ.get("IMAGES")
    if listed:
        named: Images = json.loads(Path(listed).read_text(encoding="utf-8"))
        assert set(STAGES) <= set(named)
        return read_images(Path(listed))
    registry, tag = os.environ["IMAGE_REGISTRY"], os.environ.get("TAG", "dev")
    return {stage: f"{registry}/{stage}:{tag}" for stage in STAGES}


def _put_batches(store: Store, folder: Path) -> dict[str, str]:
    """Synthetic batches in the store, and a set of which every file is refused."""
    write_synthetic(folder / "batches")
    name = f"kubeflow-{uuid4().hex[:8]}"
    sources = {}
    for kind, prefix in (("training", "raw/train"), ("prediction", "raw/predict")):
        for path in sorted((folder / "batches" / kind).glob("*.csv")):
            store.upload(path, f"{prefix}/{name}/{path.name}")
        sources[kind] = f"{store.uri}/{prefix}/{name}"
    store.put(f"raw/train/{name}-broken/notes.csv", b"nothing that the contract knows\n")
    return {**sources, "broken": f"{store.uri}/raw/train/{name}-broken"}
