"""The recorded Kubeflow server over HTTP, and the hands that move its runs, retry them and make it hang."""

import json
import threading
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from application.tests.kubeflow_api import KubeflowApi
from application.tests.kubeflow_pipelines import ON_SERVER, Answer
from application.tests.kubeflow_runs import ENDED, Route, ServedRun
from application.tests.leavings import leave_results, write_record
from wafer.store import Store


class KubeflowServer(KubeflowApi):
    """Runs advance by one stage a look when `automatic`, and otherwise as the test says."""

    def __init__(self, store: Store, *, automatic: bool = False) -> None:
        super().__init__()
        self.store = store
        self.automatic = automatic
        self.headers: list[dict[str, str]] = []
        self._answers = threading.Event()
        self._answers.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self.recover()
        self._server.shutdown()
        self._server.server_close()

    def hang(self) -> None:
        """Accept every request from now on, and answer none."""
        self._answers.clear()

    def recover(self) -> None:
        """Answer again, also what is waiting."""
        self._answers.set()

    def start_from_page(self, route: Route, source: str) -> str:
        """Somebody starts a run on Kubeflow's own page, from an uploaded version, without a run id."""
        reference = {"pipeline_id": self.pipelines[ON_SERVER[route]], "pipeline_version_id": "v"}
        config = {"parameters": {"source": source, "seed": 7}}
        body = {"display_name": "my run", "pipeline_version_reference": reference, "runtime_config": config}
        return self.keep(body, route).run_id

    def start_foreign(self) -> str:
        """Somebody runs another team's pipeline."""
        return self.keep({"display_name": "other", "pipeline_spec": {"pipelineInfo": {"name": "other"}}}, None).run_id

    def retry_on_page(self, wafer_id: str) -> None:
        """Somebody presses Retry on Kubeflow's own page: the same run continues at its failed task."""
        run = self.find(wafer_id)
        status, _ = self.answer("POST", f"/apis/v2beta1/runs/{run.run_id}:retry", {}, {})
        assert status == 200

    def finish(self, wafer_id: str) -> None:
        run = self.find(wafer_id)
        assert run.route
        leave_results(self.store, run.wafer_id, run.route)
        run.done = len(run.stages)
        run.become("SUCCEEDED")

    def fail(self, wafer_id: str, code: str = "NO_GOOD_FILES", at: datetime | None = None) -> None:
        """The next stage fails, with a word of its own; without one the pod was killed."""
        run = self.find(wafer_id)
        if code:
            error = {"code": code, "message": "Every file was refused.", "retry_helps": False}
            write_record(self.store, run.wafer_id, run.stages[run.done], "failed", error=error)
        run.become("FAILED", at)

    def withhold_pod(self, wafer_id: str) -> None:
        """The next stage's pod cannot start: its image cannot be pulled, or no node has room.

        2.17 says so with a state alone: the task RUNNING, its pod PENDING, no reason and no error anywhere.
        """
        run = self.find(wafer_id)
        run.no_pod = True
        run.become("RUNNING")

    def find(self, wafer_id: str) -> ServedRun:
        return next(run for run in self.runs.values() if run.wafer_id == wafer_id)

    def receive(self, request: BaseHTTPRequestHandler) -> Answer:
        """Answer a request over HTTP, or keep it waiting while the server hangs."""
        self.headers.append(dict(request.headers.items()))
        length = int(request.headers.get("Content-Length", 0))
        sent = request.rfile.read(length)
        is_json = request.headers.get("Content-Type", "").startswith("application/json")
        body = json.loads(sent) if sent and is_json else {}  # an uploaded package is not looked into
        self._answers.wait()
        parts = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return self.answer(request.command, parts.path, query, body)

    def look(self, run: ServedRun) -> None:
        """Go one stage further; over a source named broken the first stage fails, and succeeds when it is retried."""
        if not self.automatic or run.state in ENDED or not run.route:
            return
        first_try = run.state == "PENDING"
        if first_try:
            run.become("RUNNING")
        if "broken" in run.source and first_try:
            self.fail(run.wafer_id)
        elif run.done < len(run.stages):
            write_record(self.store, run.wafer_id, run.stages[run.done], started=1000.0 + run.done)
            run.done += 1
        else:
            self.finish(run.wafer_id)


def _handler(server: KubeflowServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            status, answer = server.receive(self)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _handle  # noqa: N815 - names of the base class

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - name of the base class
            """Say nothing."""

    return Handler
