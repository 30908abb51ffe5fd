"""The part of Kubeflow's v2beta1 API that the backend uses, answered as a 2.17 server was seen to answer.

What is kept of the real one: proto JSON (snake case, absent when empty, a time of 1970 for one that has not come),
runs that name inline graphs or version references, drivers and groups among the tasks, a terminated run that ends as
FAILED, RetryRun that keeps finished tasks, parameters that the graph does not declare refused, errors as objects.
It imports nothing of the backends and the pipelines that are checked with it: what it says is in `recorded/`.
"""

import re
import threading
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from application.tests.kubeflow_pipelines import API, ON_SERVER, Answer, PipelineApi, Routes, error, filtered
from application.tests.kubeflow_runs import ANSWERS, RECORDED, Json, Route, ServedRun

CRON_FIELDS = 6  # seconds first


class KubeflowApi(PipelineApi):
    """What the server keeps, and its answers; `refuse` is the status of every answer when it is not 0."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: dict[str, ServedRun] = {}
        self.experiments: dict[str, str] = {}  # name -> id
        self.recurring: dict[str, Json] = {}
        self.refuse = 0
        self.created = 0
        self._lock = threading.RLock()

    def look(self, run: ServedRun) -> None:
        """Somebody is about to be told of a run."""

    def answer(self, method: str, path: str, query: dict[str, str], body: Json) -> Answer:
        if self.refuse:
            return self.refuse, error(14, "made by the test")
        for wanted, pattern, act in self.routes():
            found = re.fullmatch(pattern, path)
            if found and wanted == method:
                with self._lock:
                    return act(*found.groups(), query, body)
        return 404, error(5, "Not Found")

    def routes(self) -> Routes:
        one = f"{API}/runs/([^/:]+)"
        return [
            *super().routes(),
            ("GET", f"{API}/healthz", lambda _query, _body: (200, ANSWERS["healthz"])),
            ("GET", f"{API}/experiments", self._list_experiments),
            ("POST", f"{API}/experiments", self._create_experiment),
            ("DELETE", f"{API}/experiments/([^/]+)", self._delete_experiment),
            ("GET", f"{API}/runs", self._list_runs),
            ("POST", f"{API}/runs", self._create_run),
            ("GET", one, self._get_run),
            ("DELETE", one, self._delete_run),
            ("POST", f"{one}:terminate", self._terminate),
            ("POST", f"{one}:retry", self._retry),
            ("GET", f"{API}/recurringruns", self._list_recurring),
            ("POST", f"{API}/recurringruns", self._create_recurring),
            ("DELETE", f"{API}/recurringruns/([^/]+)", self._delete_recurring),
        ]

    def _list_experiments(self, query: dict[str, str], _body: object) -> Answer:
        found = [_experiment(name, each) for name, each in self.experiments.items()]
        return 200, {"experiments": filtered(found, query), "total_size": len(found)}

    def _create_experiment(self, _query: object, body: Json) -> Answer:
        name = body["display_name"]
        self.experiments[name] = str(uuid4())
        return 200, _experiment(name, self.experiments[name])

    def _delete_experiment(self, experiment_id: str, _query: object, _body: object) -> Answer:
        self.experiments = {name: each for name, each in self.experiments.items() if each != experiment_id}
        return 200, {}

    def _list_runs(self, query: dict[str, str], _body: object) -> Answer:
        newest_first = query.get("sort_by", "").endswith("desc")
        ordered = sorted(self.runs.values(), key=lambda run: run.created, reverse=newest_first)
        wanted = query.get("experiment_id", "")
        within = [run for run in ordered if wanted in {"", run.body.get("experiment_id")}]
        found = filtered([run.shown(details=False) for run in within], query)
        return 200, {"runs": found[: int(query.get("page_size", 20))], "total_size": len(found)}

    def _create_run(self, _query: object, body: Json) -> Answer:
        if body.get("experiment_id") not in self.experiments.values():
            return 404, error(5, "experiment not found")
        spec = body.get("pipeline_spec", {})
        graph = spec.get("pipeline_spec", spec)
        unknown = set(body["runtime_config"]["parameters"]) - set(_declared(graph)) if graph else set()
        if unknown:
            return 400, error(3, f"unknown parameters {unknown}")
        self.created += 1
        return 200, self.keep(body, self._route(body, graph)).shown(details=False)

    def _route(self, body: Json, graph: Json) -> Route | None:
        """What is run, by the graph's name or by the pipeline that is referred to."""
        if graph:
            name = graph["pipelineInfo"]["name"]
            return next((route for route, recorded in RECORDED.items() if recorded.graph == name), None)
        wanted = body["pipeline_version_reference"]["pipeline_id"]
        return next(route for route, name in ON_SERVER.items() if self.pipelines.get(name) == wanted)

    def _get_run(self, run_id: str, _query: object, _body: object) -> Answer:
        if run_id not in self.runs:
            return 404, error(5, f"run {run_id} not found")
        self.look(self.runs[run_id])
        return 200, self.runs[run_id].shown(details=True)

    def _delete_run(self, run_id: str, _query: object, _body: object) -> Answer:
        del self.runs[run_id]
        return 200, {}

    def _terminate(self, run_id: str, _query: object, _body: object) -> Answer:
        self.runs[run_id].become("FAILED")
        return 200, {}

    def _retry(self, run_id: str, _query: object, _body: object) -> Answer:
        if self.runs[run_id].state != "FAILED":
            return 400, error(3, "only failed runs can be retried")
        self.runs[run_id].become("RUNNING")
        return 200, {}

    def _list_recurring(self, query: dict[str, str], _body: object) -> Answer:
        found = filtered([*self.recurring.values()], query)
        return 200, {"recurringRuns": found[: int(query.get("page_size", 20))], "total_size": len(found)}

    def _create_recurring(self, _query: object, body: Json) -> Answer:
        """As the API defines it; unlike the others this answer was not seen on a server."""
        if body.get("experiment_id") not in self.experiments.values():
            return 404, error(5, "experiment not found")
        if len(body["trigger"]["cron_schedule"]["cron"].split()) != CRON_FIELDS:
            return 400, error(3, "Schedule cron is not supported")
        made = body | {"recurring_run_id": str(uuid4()), "status": "ENABLED"}
        self.recurring[made["recurring_run_id"]] = made
        return 200, made

    def _delete_recurring(self, recurring_run_id: str, _query: object, _body: object) -> Answer:
        del self.recurring[recurring_run_id]
        return 200, {}

    def keep(self, body: Json, route: Route | None) -> ServedRun:
        run = ServedRun(body, route, datetime.now(UTC) + timedelta(milliseconds=len(self.runs)))
        self.runs[run.run_id] = run
        return run


def _declared(graph: Json) -> Json:
    return dict(graph["root"]["inputDefinitions"]["parameters"])


def _experiment(name: str, experiment_id: str) -> Json:
    return ANSWERS["experiment"] | {"experiment_id": experiment_id, "display_name": name}
