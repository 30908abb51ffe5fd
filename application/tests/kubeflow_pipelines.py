"""Pipelines and their versions on the recorded Kubeflow server."""

import json
from collections.abc import Callable
from uuid import uuid4

from application.tests.kubeflow_runs import ANSWERS, Json, Route

Answer = tuple[int, Json]
Routes = list[tuple[str, str, Callable[..., Answer]]]
API = "/apis/v2beta1"
ON_SERVER: dict[Route, str] = {"train": "wafer-fault-train", "predict": "wafer-fault-predict"}


class PipelineApi:
    """What the server keeps of pipelines, and its answers about them."""

    def __init__(self) -> None:
        self.pipelines: dict[str, str] = {}  # name -> id
        self.versions: dict[str, list[str]] = {}  # id -> versions, newest first

    def install_pipelines(self) -> None:
        for route, name in ON_SERVER.items():
            self.versions[self._add(name)] = [f"{route}-newest", f"{route}-older"]

    def remove_pipeline(self, name: str) -> None:
        del self.versions[self.pipelines.pop(name)]

    def routes(self) -> Routes:
        one = f"{API}/pipelines/([^/]+)"
        return [
            ("POST", f"{API}/pipelines/upload", self._upload),
            ("POST", f"{API}/pipelines/upload_version", self._upload_version),
            ("GET", f"{API}/pipelines", self._list_pipelines),
            ("DELETE", one, self._delete_pipeline),
            ("GET", f"{one}/versions", self._list_versions),
            ("DELETE", f"{one}/versions/([^/]+)", self._delete_version),
        ]

    def _add(self, name: str) -> str:
        self.pipelines[name] = str(uuid4())
        self.versions[self.pipelines[name]] = []
        return self.pipelines[name]

    def _upload(self, query: dict[str, str], _body: object) -> Answer:
        pipeline_id = self._add(query["name"])
        self.versions[pipeline_id] = [query["name"]]
        return 200, _pipeline(query["name"], pipeline_id)

    def _upload_version(self, query: dict[str, str], _body: object) -> Answer:
        self.versions[query["pipelineid"]].insert(0, query["name"])
        return 200, _version(query["pipelineid"], query["name"])

    def _list_pipelines(self, query: dict[str, str], _body: object) -> Answer:
        found = [_pipeline(name, each) for name, each in self.pipelines.items()]
        return 200, {"pipelines": filtered(found, query), "total_size": len(found)}

    def _list_versions(self, pipeline_id: str, query: dict[str, str], _body: object) -> Answer:
        found = [_version(pipeline_id, each) for each in self.versions[pipeline_id]]
        return 200, {"pipeline_versions": found[: int(query.get("page_size", 20))], "total_size": len(found)}

    def _delete_pipeline(self, pipeline_id: str, _query: object, _body: object) -> Answer:
        if self.versions[pipeline_id]:
            return 400, error(9, "the pipeline has versions")
        self.remove_pipeline(next(name for name, each in self.pipelines.items() if each == pipeline_id))
        return 200, {}

    def _delete_version(self, pipeline_id: str, version_id: str, _query: object, _body: object) -> Answer:
        self.versions[pipeline_id].remove(version_id)
        return 200, {}


def filtered(items: list[Json], query: dict[str, str]) -> list[Json]:
    """The items that a request's filter asks for; only equality is known here."""
    for predicate in json.loads(query.get("filter", "{}")).get("predicates", []):
        assert predicate["operation"] in {"EQUALS", 1}
        items = [item for item in items if item.get(predicate["key"]) == predicate["stringValue"]]
    return items


def error(code: int, message: str) -> Json:
    return ANSWERS["error"] | {"error": message, "code": code, "message": message}


def _pipeline(name: str, pipeline_id: str) -> Json:
    return ANSWERS["pipeline"] | {"pipeline_id": pipeline_id, "display_name": name, "name": name}


def _version(pipeline_id: str, version_id: str) -> Json:
    return ANSWERS["version"] | {"pipeline_id": pipeline_id, "pipeline_version_id": version_id}
