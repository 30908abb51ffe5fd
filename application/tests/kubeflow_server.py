"""A server that speaks the part of Kubeflow's v2beta1 API that the backend uses, as a 2.17 server was seen to answer.

What is kept of the real one: proto JSON (snake case, absent when empty, a time of 1970 for one that has not come),
runs that name inline graphs or version references, drivers and groups among the tasks, a terminated run that ends as
FAILED, RetryRun that keeps finished tasks, parameters that the graph does not declare refused, errors as objects.
"""

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from application.backends.kubeflow.packages import GRAPHS
from application.tests.leavings import leave_results, write_record
from pipelines.packages import PIPELINES, package
from pipelines.table import planned
from wafer.runs import Pipeline
from wafer.store import Store

NEVER = "1970-01-01T00:00:00Z"
ENDED = {"SUCCEEDED", "FAILED"}
Answer = tuple[int, dict[str, Any]]


@dataclass
class ServedRun:
    """A run on the server: what was asked, and how far it is."""

    body: dict[str, Any]
    pipeline: Pipeline | None
    created: datetime
    state: str = "PENDING"
    done: int = 0
    run_id: str = field(default_factory=lambda: str(uuid4()))

    @property
    def wafer_id(self) -> str:
        parameters = self.body.get("runtime_config", {}).get("parameters", {})
        return str(parameters.get("run_id") or self.run_id)

    @property
    def source(self) -> str:
        return str(self.body.get("runtime_config", {}).get("parameters", {}).get("source", ""))


class KubeflowServer:
    """Runs advance by one stage a look when `automatic`, and otherwise as the test says."""

    def __init__(self, store: Store, *, automatic: bool = False) -> None:
        self.store = store
        self.automatic = automatic
        self.runs: dict[str, ServedRun] = {}
        self.experiments: dict[str, str] = {}
        self.pipelines: dict[str, str] = {}  # name -> id
        self.versions: dict[str, list[str]] = {}  # id -> versions, newest first
        self.headers: list[dict[str, str]] = []
        self.refuse = 0
        self.created = 0
        self._lock = threading.RLock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def publish_packages(self) -> None:
        for name in PIPELINES:
            self.store.put(f"pipelines/{name}.yaml", package(name).encode())

    def install_pipelines(self) -> None:
        for name in PIPELINES:
            pipeline_id = str(uuid4())
            self.pipelines[f"wafer-fault-{name}"] = pipeline_id
            self.versions[pipeline_id] = [f"{name}-newest", f"{name}-older"]

    def start_from_page(self, pipeline: Pipeline, source: str) -> str:
        """Somebody starts a run on Kubeflow's own page, from an uploaded version, without a run id."""
        reference = {"pipeline_id": self.pipelines[f"wafer-fault-{pipeline}"], "pipeline_version_id": "v"}
        config = {"parameters": {"source": source, "seed": 7}}
        body = {"display_name": "my run", "pipeline_version_reference": reference, "runtime_config": config}
        return self._keep(body, pipeline).run_id

    def start_foreign(self) -> str:
        """Somebody runs another team's pipeline."""
        return self._keep({"display_name": "other", "pipeline_spec": {"pipelineInfo": {"name": "other"}}}, None).run_id

    def finish(self, wafer_id: str) -> None:
        run = self.find(wafer_id)
        assert run.pipeline
        leave_results(self.store, run.wafer_id, run.pipeline)
        run.state, run.done = "SUCCEEDED", len(planned(run.pipeline))

    def fail(self, wafer_id: str, code: str = "NO_GOOD_FILES") -> None:
        """The next stage fails, with a word of its own; without one the pod was killed."""
        run = self.find(wafer_id)
        assert run.pipeline
        stage = planned(run.pipeline)[run.done]
        if code:
            error = {"code": code, "message": "Every file was refused.", "retry_helps": False}
            write_record(self.store, run.wafer_id, stage, "failed", error=error)
        run.state = "FAILED"

    def find(self, wafer_id: str) -> ServedRun:
        return next(run for run in self.runs.values() if run.wafer_id == wafer_id)

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> Answer:
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
            ("GET", f"{api}/healthz", lambda _query, _body: (200, {"multi_user": False})),
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
        found = [{"experiment_id": each, "display_name": name} for name, each in self.experiments.items()]
        return 200, {"experiments": _filtered(found, query), "total_size": len(found)}

    def _create_experiment(self, _query: object, body: dict[str, Any]) -> Answer:
        name = body["display_name"]
        self.experiments[name] = str(uuid4())
        return 200, {"experiment_id": self.experiments[name], "display_name": name}

    def _list_pipelines(self, query: dict[str, str], _body: object) -> Answer:
        found = [{"pipeline_id": each, "display_name": name, "name": name} for name, each in self.pipelines.items()]
        return 200, {"pipelines": _filtered(found, query), "total_size": len(found)}

    def _list_versions(self, pipeline_id: str, query: dict[str, str], _body: object) -> Answer:
        found = [{"pipeline_id": pipeline_id, "pipeline_version_id": each} for each in self.versions[pipeline_id]]
        return 200, {"pipeline_versions": found[: int(query.get("page_size", 20))], "total_size": len(found)}

    def _list_runs(self, query: dict[str, str], _body: object) -> Answer:
        newest = sorted(
            self.runs.values(), key=lambda run: run.created, reverse=query.get("sort_by", "").endswith("desc")
        )
        found = _filtered([self._shown(run, details=False) for run in newest], query)
        return 200, {"runs": found[: int(query.get("page_size", 20))], "total_size": len(found)}

    def _create_run(self, _query: object, body: dict[str, Any]) -> Answer:
        spec = body.get("pipeline_spec", {})
        inner = spec.get("pipeline_spec", spec)
        if body.get("experiment_id") not in self.experiments.values():
            return 404, _error(5, "experiment not found")
        if inner:
            declared = inner["root"]["inputDefinitions"]["parameters"]
            unknown = set(body["runtime_config"]["parameters"]) - set(declared)
            if unknown:
                return 400, _error(3, f"unknown parameters {unknown}")
            pipeline = GRAPHS[inner["pipelineInfo"]["name"]]
        else:
            ours = {each: name for name, each in self.pipelines.items()}
            name = ours[body["pipeline_version_reference"]["pipeline_id"]]
            pipeline = "train" if name.endswith("train") else "predict"
        self.created += 1
        return 200, self._shown(self._keep(body, pipeline), details=False)

    def _get_run(self, run_id: str, _query: object, _body: object) -> Answer:
        if run_id not in self.runs:
            return 404, _error(5, f"run {run_id} not found")
        if self.automatic:
            self._advance(self.runs[run_id])
        return 200, self._shown(self.runs[run_id], details=True)

    def _terminate(self, run_id: str, _query: object, _body: object) -> Answer:
        self.runs[run_id].state = "FAILED"
        return 200, {}

    def _retry(self, run_id: str, _query: object, _body: object) -> Answer:
        if self.runs[run_id].state != "FAILED":
            return 400, _error(3, "only failed runs can be retried")
        self.runs[run_id].state = "RUNNING"
        return 200, {}

    def _keep(self, body: dict[str, Any], pipeline: Pipeline | None) -> ServedRun:
        run = ServedRun(body, pipeline, datetime.now(UTC) + timedelta(milliseconds=len(self.runs)))
        self.runs[run.run_id] = run
        return run

    def _advance(self, run: ServedRun) -> None:
        """One stage further; the first stage over a source named broken fails, and succeeds when it is tried again."""
        if run.state in ENDED or not run.pipeline:
            return
        first_try = run.state == "PENDING"
        run.state = "RUNNING"
        if "broken" in run.source and first_try:
            self.fail(run.wafer_id)
        elif run.done < len(planned(run.pipeline)):
            write_record(self.store, run.wafer_id, planned(run.pipeline)[run.done], started=1000.0 + run.done)
            run.done += 1
        else:
            self.finish(run.wafer_id)

    def _shown(self, run: ServedRun, *, details: bool) -> dict[str, Any]:
        shown = {
            **{name: value for name, value in run.body.items() if value},
            "run_id": run.run_id,
            "state": run.state,
            "created_at": _time(run.created),
            "scheduled_at": _time(run.created),
            "finished_at": _time(datetime.now(UTC)) if run.state in ENDED else NEVER,
            "storage_state": "AVAILABLE",
        }
        if details and run.pipeline:
            shown["run_details"] = {"task_details": self._tasks(run, run.pipeline)}
        return shown

    def _tasks(self, run: ServedRun, pipeline: Pipeline) -> list[dict[str, Any]]:
        tasks = [
            _task("root-driver", run, "SUCCEEDED"),
            _task("root", run, run.state),
            _task("executor", run, "SUCCEEDED"),
        ]
        for number, stage in enumerate(planned(pipeline)):
            if number < run.done:
                tasks += [_task(f"{stage}-driver", run, "SUCCEEDED"), _task(stage, run, "SUCCEEDED")]
            elif number == run.done and run.state != "PENDING":
                tasks += [_task(f"{stage}-driver", run, "SUCCEEDED"), _task(stage, run, run.state)]
        return tasks


def _task(name: str, run: ServedRun, state: str) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "task_id": str(uuid4()),
        "display_name": name,
        "create_time": _time(run.created),
        "start_time": _time(run.created),
        "end_time": _time(datetime.now(UTC)) if state in ENDED else NEVER,
        "state": state,
    }


def _filtered(items: list[dict[str, Any]], query: dict[str, str]) -> list[dict[str, Any]]:
    for predicate in json.loads(query.get("filter", "{}")).get("predicates", []):
        assert predicate["operation"] in {"EQUALS", 1}
        items = [item for item in items if item.get(predicate["key"]) == predicate["stringValue"]]
    return items


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _error(code: int, message: str) -> dict[str, Any]:
    return {"error": message, "code": code, "message": message, "details": []}


def _handler(server: KubeflowServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            server.headers.append(dict(self.headers.items()))
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length) or b"{}") if length else {}
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            status, said = server.answer(self.command, parts.path, query, body)
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _handle  # noqa: N815 - names of the base class

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - name of the base class
            """Say nothing."""

    return Handler
