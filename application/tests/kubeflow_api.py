"""The part of Kubeflow's v2beta1 API that the backend uses, answered as a 2.17 server was seen to answer.

What is kept of the real one: proto JSON (snake case, absent when empty, a time of 1970 for one that has not come),
runs that name inline graphs or version references, drivers and groups among the tasks, a terminated run that ends as
FAILED, RetryRun that keeps finished tasks, parameters that the graph does not declare refused, errors as objects.
It imports nothing of the backends and the pipelines that are checked with it: what it says is in `recorded/`.
"""

import json
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from application.tests.kubeflow_runs import ANSWERS, RECORDED, Json, Route, ServedRun

Answer = tuple[int, Json]
ON_SERVER: dict[Route, str] = {"train": "wafer-fault-train", "predict": "wafer-fault-predict"}


class KubeflowApi:
    """What the server keeps, and its answers; `refuse` is the status of every answer when it is not 0."""

    def __init__(self) -> None:
        self.runs: dict[str, ServedRun] = {}
        self.experiments: dict[str, str] = {}
        self.pipelines: dict[str, str] = {}  # name -> id
        self.versions: dict[str, list[str]] = {}  # id -> versions, newest first
        self.refuse = 0
        self.created = 0
        self._lock = threading.RLock()

    def look(self, run: ServedRun) -> None:
        """Somebody is about to be told of a run."""

    def answer(self, method: str, path: str, query: dict[str, str], body: Json) -> Answer:
        if self.refuse:
            return self.refuse, _error(14, "made by the test")
        for wanted, pattern, act in self._routes():
            found = re.fullmatch(pattern, path)
            if found and wanted == method:
                with self._lock:
                    return act(*found.groups(), query, body)
        return 404, _error(5, "Not Found")

    def _routes(self) -> list[tuple[str, str, Callable[..., Answer]]]:
        api = "/apis/v2beta1"
        return [
            ("GET", f"{api}/healthz", lambda _query, _body: (200, ANSWERS["healthz"])),
            ("GET", f"{api}/experiments", self._list_experiments),
            ("POST", f"{api}/experiments", self._create_experiment),
            ("GET", f"{api}/pipelines", self._list_pipelines),
            ("GET", f"{api}/pipelines/([^/]+)/versions", self._list_versions),
            ("GET", f"{api}/runs", self._list_runs),
            ("POST", f"{api}/runs", self._create_run),
            ("GET", f"{api}/runs/([^/:]+)", self._get_run),
            ("POST", f"{api}/runs/([^/:]+):terminate", self._terminate),
            ("POST", f"{api}/runs/([^/:]+):retry", self._retry),
        ]

    def _list_experiments(self, query: dict[str, str], _body: object) -> Answer:
        found = [_experiment(name, each) for name, each in self.experiments.items()]
        return 200, {"experiments": _filtered(found, query), "total_size": len(found)}

    def _create_experiment(self, _query: object, body: Json) -> Answer:
        name = body["display_name"]
        self.experiments[name] = str(uuid4())
        return 200, _experiment(name, self.experiments[name])

    def _list_pipelines(self, query: dict[str, str], _body: object) -> Answer:
        named = [{"pipeline_id": each, "display_name": name, "name": name} for name, each in self.pipelines.items()]
        found = [ANSWERS["pipeline"] | each for each in named]
        return 200, {"pipelines": _filtered(found, query), "total_size": len(found)}

    def _list_versions(self, pipeline_id: str, query: dict[str, str], _body: object) -> Answer:
        named = [{"pipeline_id": pipeline_id, "pipeline_version_id": each} for each in self.versions[pipeline_id]]
        found = [ANSWERS["version"] | each for each in named]
        return 200, {"pipeline_versions": found[: int(query.get("page_size", 20))], "total_size": len(found)}

    def _list_runs(self, query: dict[str, str], _body: object) -> Answer:
        newest_first = query.get("sort_by", "").endswith("desc")
        ordered = sorted(self.runs.values(), key=lambda run: run.created, reverse=newest_first)
        found = _filtered([run.shown(details=False) for run in ordered], query)
        return 200, {"runs": found[: int(query.get("page_size", 20))], "total_size": len(found)}

    def _create_run(self, _query: object, body: Json) -> Answer:
        if body.get("experiment_id") not in self.experiments.values():
            return 404, _error(5, "experiment not found")
        spec = body.get("pipeline_spec", {})
        graph = spec.get("pipeline_spec", spec)
        unknown = set(body["runtime_config"]["parameters"]) - set(_declared(graph)) if graph else set()
        if unknown:
            return 400, _error(3, f"unknown parameters {unknown}")
        self.created += 1
        return 200, self.keep(body, self._route(body, graph)).shown(details=False)

    def _route(self, body: Json, graph: Json) -> Route | None:
        """What is run, by the graph's name or by the pipeline that is referred to."""
        if graph:
            name = graph["pipelineInfo"]["name"]
            return next((route for route, recorded in RECORDED.items() if recorded.graph == name), None)
        wanted = body["pipeline_version_reference"]["pipeline_id"]
        return next(route for route, name in ON_SERVER.items() if self.pipelines[name] == wanted)

    def _get_run(self, run_id: str, _query: object, _body: object) -> Answer:
        if run_id not in self.runs:
            return 404, _error(5, f"run {run_id} not found")
        self.look(self.runs[run_id])
        return 200, self.runs[run_id].shown(details=True)

    def _terminate(self, run_id: str, _query: object, _body: object) -> Answer:
        self.runs[run_id].become("FAILED")
        return 200, {}

    def _retry(self, run_id: str, _query: object, _body: object) -> Answer:
        if self.runs[run_id].state != "FAILED":
            return 400, _error(3, "only failed runs can be retried")
        self.runs[run_id].become("RUNNING")
        return 200, {}

    def keep(self, body: Json, route: Route | None) -> ServedRun:
        run = ServedRun(body, route, datetime.now(UTC) + timedelta(milliseconds=len(self.runs)))
        self.runs[run.run_id] = run
        return run


def _declared(graph: Json) -> Json:
    return dict(graph["root"]["inputDefinitions"]["parameters"])


def _experiment(name: str, experiment_id: str) -> Json:
    return ANSWERS["experiment"] | {"experiment_id": experiment_id, "display_name": name}


def _filtered(items: list[Json], query: dict[str, str]) -> list[Json]:
    for predicate in json.loads(query.get("filter", "{}")).get("predicates", []):
        assert predicate["operation"] in {"EQUALS", 1}
        items = [item for item in items if item.get(predicate["key"]) == predicate["stringValue"]]
    return items


def _error(code: int, message: str) -> Json:
    return ANSWERS["error"] | {"error": message, "code": code, "message": message}
