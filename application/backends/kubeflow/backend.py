"""The backend on Kubeflow Pipelines, through `kfp.Client` and the v2beta1 API it speaks."""

import json
from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from kfp import Client

from application.backends.kubeflow import policy
from application.backends.kubeflow.answers import error_of, run_of
from application.backends.kubeflow.client import answering, connect
from application.backends.kubeflow.packages import ON_SERVER, Package, graph_of, stored_package
from application.backends.kubeflow.pods import Cluster, Pods
from application.backends.kubeflow.tasks import explained, merged, moment
from application.errors import PackageNotFound
from application.runs.log import LogLine
from application.runs.run import BackendName, Run
from wafer.errors import ObjectNotFound, RunNotRetryable
from wafer.runs import Pipeline, judge, task_records
from wafer.store import Store, layout

PATIENCE = 3.0  # seconds for all calls of one question: who asks to start a run has an answer after 5
ACT_SECONDS = 20.0  # for ending or retrying the pods of a run, asked of a server that answered just before
CHECK_SECONDS = 2.0  # the probe of readiness allows 5 for Kubeflow, ledger and store
RECENT = 50
ENDED = {"SUCCEEDED", "SKIPPED", "FAILED", "CANCELED"}
TOKEN = Path("/var/run/secrets/kubeflow/pipelines/token")  # where Kubernetes projects a token made for Kubeflow


class KubeflowBackend:
    """Runs on the Kubeflow server at an endpoint; what they leave behind is read from the store."""

    name: BackendName = "kubeflow"
    at_once = 0  # Kubeflow does its own waiting
    retried_elsewhere = True
    lease_seconds = 60.0
    look_seconds = 2.0

    def __init__(
        self,
        endpoint: str,
        store: Store,
        *,
        experiment: str = "wafer-fault",
        namespace: str = "",
        token: Path = TOKEN,
        auto_retries: int = 0,
        cluster: Cluster | None = None,
    ) -> None:
        self.auto_retries = auto_retries
        self.patience = PATIENCE
        self._endpoint = endpoint
        self._store = store
        self._experiment = experiment
        self._namespace = namespace or None
        self._token = token
        self._pods = Pods(cluster, namespace)
        self._pipelines: dict[str, Pipeline | None] = {}

    @cached_property
    def _client(self) -> Client:
        return connect(self._endpoint, self._namespace, self._token)

    def start(self, run: Run) -> str:
        """Start a run of the route's package under the run's id as its name, unless there is one of that name."""
        with self._answering():
            known = self._named(run.run_id)
            if known:
                return known
            wanted = self._client.api_models.V2beta1Run(
                display_name=run.run_id,
                experiment_id=self._experiment_id(),
                runtime_config=self._client.api_models.V2beta1RuntimeConfig(parameters=run.arguments()),
                **self._package(run.pipeline),
            )
            return str(self._client.runs.run_service_create_run(wanted).run_id)

    def look(self, run: Run) -> Run:
        """The run as it stands: tasks from the server, counts and errors from the records they left.

        It is judged by what is published, not by the server's word: a run may fail after it published, and the reverse.
        """
        with self._answering(run.run_id):
            found = self._client.runs.run_service_get_run(run.native_id)
        told = (found.run_details.task_details if found.run_details else None) or []
        active = found.state not in ENDED
        tasks = merged(run.pipeline, task_records(self._store, run.run_id), told, active=active)
        if active:
            starting = [task.name for task in tasks if task.state == "starting"]
            return replace(run, tasks=explained(tasks, self._pods.reasons(run.native_id, starting)))
        outcome = judge(self._store, run.run_id, run.pipeline)
        return run.ended(outcome, tasks, error_of(tasks), moment(found.finished_at))

    def cancel(self, run: Run) -> None:
        """Terminate the run."""
        if self._state(run) not in ENDED:
            with self._answering(run.run_id, ACT_SECONDS):
                self._client.runs.run_service_terminate_run(run.native_id)

    def retry(self, run: Run) -> None:
        """Let Kubeflow continue at the failed task (RetryRun)."""
        state = self._state(run)
        if state == "SUCCEEDED":
            raise RunNotRetryable(f"Run {run.run_id} succeeded; there is nothing to retry. Start a new run instead.")
        if state in ENDED:
            with self._answering(run.run_id, ACT_SECONDS):
                self._client.runs.run_service_retry_run(run.native_id)

    def recent(self, known: Collection[str] = ()) -> list[Run]:
        """The newest runs of our pipelines, whoever started them."""
        with self._answering():
            listed = self._client.runs.run_service_list_runs(
                page_size=RECENT, sort_by="created_at desc", **self._within()
            )
            ours = [(run, self._pipeline(run)) for run in listed.runs or []]
        found = [run_of(run, pipeline) for run, pipeline in ours if pipeline]
        return [each for each in found if each.run_id not in known]

    def log(self, run: Run) -> list[LogLine]:
        """None: pods' logs are Kubernetes' own."""
        raise ObjectNotFound(
            f"The log of {run.run_id} is on Kubeflow: on the run's page there, or by `kubectl logs` of its pods."
        )

    def schedule(self, cron: str, image: str) -> None:
        """Keep a recurring run that decides about training again; the one before is deleted after it."""
        wanted = policy.recurring(cron, image) if cron else None
        with self._answering(seconds=ACT_SECONDS):
            service = self._client.recurring_runs
            listed = service.recurring_run_service_list_recurring_runs(
                page_size=RECENT, filter=_equals("display_name", policy.NAME), **self._within()
            )
            if wanted:
                service.recurring_run_service_create_recurring_run(
                    self._client.api_models.V2beta1RecurringRun(experiment_id=self._experiment_id(), **wanted)
                )
            for each in listed.recurring_runs or []:
                service.recurring_run_service_delete_recurring_run(each.recurring_run_id)

    def forget(self, run: Run) -> None:
        """Leave Kubeflow's own record to Kubeflow."""

    def check(self) -> None:
        """Ask the server for its health."""
        with self._answering(seconds=CHECK_SECONDS):
            self._client.healthzs.healthz_service_get_healthz()

    def _state(self, run: Run) -> str:
        with self._answering(run.run_id):
            return str(self._client.runs.run_service_get_run(run.native_id).state)

    def _named(self, run_id: str) -> str | None:
        listed = self._client.runs.run_service_list_runs(
            page_size=2, filter=_equals("display_name", run_id), **self._within()
        )
        return next((str(run.run_id) for run in listed.runs or [] if run.display_name == run_id), None)

    def _experiment_id(self) -> str:
        listed = self._client.experiments.experiment_service_list_experiments(
            filter=_equals("display_name", self._experiment), **self._within()
        )
        for experiment in listed.experiments or []:
            if experiment.display_name == self._experiment:
                return str(experiment.experiment_id)
        wanted = self._client.api_models.V2beta1Experiment(display_name=self._experiment, namespace=self._namespace)
        made = self._client.experiments.experiment_service_create_experiment(wanted)
        return str(made.experiment_id)

    def _package(self, pipeline: Pipeline) -> Package:
        """What names the pipeline in a request: the package in the store, else the newest version on the server."""
        stored = stored_package(self._store, pipeline)
        if stored:
            return {"pipeline_spec": stored}
        for each in self._server_pipelines():
            if ON_SERVER[pipeline] in {each.display_name, each.name}:
                version = self._newest_version(str(each.pipeline_id))
                if version:
                    return {"pipeline_version_reference": version}
        raise PackageNotFound(
            f"No {pipeline} pipeline is installed: {self._store.uri} has no {layout.package(pipeline)} and "
            f"Kubeflow has no pipeline {ON_SERVER[pipeline]}. Publish them (`wafer pipelines compile`)."
        )

    def _server_pipelines(self) -> list[Any]:
        listed = self._client.pipelines.pipeline_service_list_pipelines(page_size=200, **self._within())
        return list(listed.pipelines or [])

    def _newest_version(self, pipeline_id: str) -> Any:  # noqa: ANN401 - kfp's reference, or None
        listed = self._client.pipelines.pipeline_service_list_pipeline_versions(
            pipeline_id, page_size=1, sort_by="created_at desc"
        )
        for version in listed.pipeline_versions or []:
            return self._client.api_models.V2beta1PipelineVersionReference(
                pipeline_id=pipeline_id, pipeline_version_id=version.pipeline_version_id
            )
        return None

    def _pipeline(self, run: Any) -> Pipeline | None:  # noqa: ANN401 - kfp's V2beta1Run
        if not run.pipeline_version_reference:
            return graph_of(run.pipeline_spec)
        pipeline_id = str(run.pipeline_version_reference.pipeline_id)
        if pipeline_id not in self._pipelines:
            ours: dict[str, Pipeline] = {name: route for route, name in ON_SERVER.items()}
            found = {str(each.pipeline_id): ours.get(each.display_name or "") for each in self._server_pipelines()}
            self._pipelines = {pipeline_id: None, **found}
        return self._pipelines[pipeline_id]

    def _within(self) -> dict[str, str]:
        return {"namespace": self._namespace} if self._namespace else {}

    def _answering(self, run_id: str = "", seconds: float = 0.0) -> AbstractContextManager[None]:
        return answering(self._endpoint, seconds or self.patience, run_id)


def _equals(key: str, value: str) -> str:
    return json.dumps({"predicates": [{"operation": "EQUALS", "key": key, "stringValue": value}]})
