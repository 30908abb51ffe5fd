"""The Kubeflow that the tests of this folder speak to, and the recorded one that stands in for it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from kfp import Client

from application.backends.kubeflow.backend import KubeflowBackend
from application.backends.kubeflow.packages import ON_SERVER
from application.runs.run import Parameters, Run, new_run
from application.tests.kubeflow_server import KubeflowServer
from pipelines.packages import PIPELINES, package
from wafer.runs import Pipeline
from wafer.store import Store, open_store

PATIENCE_SECONDS = 3600  # a run on a cluster that pulls its images for the first time


@dataclass(frozen=True, slots=True)
class Cluster:
    """A backend over a Kubeflow, batches for its runs, and how long a run may take."""

    endpoint: str
    experiment: str
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
        experiment = client.create_experiment(self.experiment)
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
    """The recorded server, whose runs advance by one stage a look."""
    store = open_store(str(folder / "store"))
    server = KubeflowServer(store, automatic=True)
    for name in PIPELINES:
        store.put(f"pipelines/{name}.yaml", package(name).encode())
    server.install_pipelines()
    sources = {name: f"s3://bucket/{name}" for name in ("training", "prediction", "broken")}
    backend = KubeflowBackend(server.endpoint, store, experiment="recorded")
    try:
        yield Cluster(server.endpoint, "recorded", backend, store, sources, 0, 60)
    finally:
        server.close()
