"""Why a pod does not begin, asked of a recorded Kubernetes API."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from application.backends.kubeflow.backend import KubeflowBackend
from application.backends.kubeflow.pods import Cluster, Pods
from application.runs.run import Run
from application.tests.kubeflow_server import KubeflowServer
from pipelines.packages import package
from wafer.store import open_store

NODE = "workflows.argoproj.io/node-name"


def pod(name: str, task: str, **status: object) -> dict[str, Any]:
    path = f"wafer-fault-training-x2k.root.exit-handler-1.{task}.executor"
    return {"metadata": {"name": name, "annotations": {NODE: path}}, "status": {"phase": "Pending", **status}}


def event(name: str, reason: str, message: str, at: str) -> dict[str, Any]:
    return {"involvedObject": {"kind": "Pod", "name": name}, "reason": reason, "message": message, "lastTimestamp": at}


class Kubernetes:
    """Answers with what it was given, and keeps every question."""

    def __init__(self, account: Path) -> None:
        self.status, self.asked, self.tokens = 200, list[tuple[str, dict[str, list[str]]]](), list[str]()
        self.items: dict[str, list[dict[str, Any]]] = {"pods": [], "events": []}
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                server.asked.append((parts.path, parse_qs(parts.query)))
                server.tokens.append(self.headers["Authorization"])
                self.send_response(server.status)
                self.end_headers()
                self.wfile.write(json.dumps({"items": server.items[parts.path.rpartition("/")[2]]}).encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - name of the base class
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        (account / "token").write_text("secret\n")
        self.cluster = Cluster(f"http://127.0.0.1:{self.http.server_port}", account)


@pytest.fixture
def kubernetes(tmp_path: Path) -> Iterator[Kubernetes]:
    made = Kubernetes(tmp_path)
    yield made
    made.http.shutdown()
    made.http.server_close()


def test_the_last_warning_of_a_tasks_pod_is_told(kubernetes: Kubernetes) -> None:
    kubernetes.items["pods"] = [pod("a", "transform"), pod("b", "validate")]
    kubernetes.items["events"] = [
        event("b", "FailedScheduling", "0/3 nodes are available.", "2026-11-27T10:00:00Z"),
        event("b", "Failed", "Back-off pulling image", "2026-11-27T10:05:00Z"),
        event("c", "Failed", "Somebody else's pod", "2026-11-27T10:09:00Z"),
    ]

    found = Pods(kubernetes.cluster, "team").reasons("run-1", ["validate", "load"])

    assert found == {"validate": "Failed: Back-off pulling image"}
    (path, query), _ = kubernetes.asked
    assert (path, query["labelSelector"]) == ("/api/v1/namespaces/team/pods", ["pipeline/runid=run-1"])
    assert set(kubernetes.tokens) == {"Bearer secret"}


def test_a_run_shows_what_kubernetes_says_of_its_waiting_pod(kubernetes: Kubernetes, tmp_path: Path) -> None:
    server = KubeflowServer(open_store(str(tmp_path / "store")))
    server.store.put("pipelines/train.yaml", package("train").encode())
    backend = KubeflowBackend(server.endpoint, server.store, cluster=kubernetes.cluster)
    run = Run("run-1", "train", "s3://bucket/lot", {}, "2026-11-27T10:00:00Z", "anna", backend="kubeflow")
    run = replace(run, native_id=backend.start(run))
    server.find("run-1").created -= timedelta(minutes=3)
    server.withhold_pod("run-1")
    kubernetes.items["pods"] = [pod("a", "validate")]
    kubernetes.items["events"] = [event("a", "Failed", "no such image", "2026-11-27T10:00:00Z")]

    (waiting,) = [task for task in backend.look(run).tasks if task.state == "starting"]
    server.close()

    assert waiting.error
    assert waiting.error.code == "POD_NOT_STARTED"
    assert waiting.error.message.endswith("Kubernetes says: Failed: no such image")


def test_a_pod_whose_events_are_gone_tells_what_its_container_waits_for(kubernetes: Kubernetes) -> None:
    waiting = {"reason": "ImagePullBackOff", "message": "manifest unknown"}
    kubernetes.items["pods"] = [pod("a", "load", containerStatuses=[{"state": {"waiting": waiting}}])]

    assert Pods(kubernetes.cluster, "").reasons("r", ["load"]) == {"load": "ImagePullBackOff: manifest unknown"}


@pytest.mark.parametrize("status", [401, 403])
def test_a_cluster_that_refuses_is_not_asked_again(kubernetes: Kubernetes, status: int) -> None:
    kubernetes.status = status
    pods = Pods(kubernetes.cluster, "")

    assert [pods.reasons("r", ["load"]) for _ in range(3)] == [{}, {}, {}]
    assert len(kubernetes.asked) == 1


def test_a_cluster_that_is_away_is_no_error_and_asked_again_later(kubernetes: Kubernetes) -> None:
    kubernetes.items["pods"] = [pod("a", "load")]
    kubernetes.items["events"] = [event("a", "Failed", "no such image", "2026-11-27T10:00:00Z")]
    pods = Pods(kubernetes.cluster, "")

    kubernetes.status = 500
    away = pods.reasons("r", ["load"])
    kubernetes.status = 200

    assert (away, pods.reasons("r", ["load"])) == ({}, {"load": "Failed: no such image"})


def test_nobody_is_asked_off_the_cluster_or_when_no_task_waits(
    kubernetes: Kubernetes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    outside = Cluster.around(tmp_path)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")

    assert outside is None
    assert Cluster.around(tmp_path / "without a token") is None
    assert Cluster.around(tmp_path) == Cluster("https://kubernetes.default.svc", tmp_path)
    assert Pods(None, "").reasons("r", ["load"]) == Pods(kubernetes.cluster, "").reasons("r", []) == {}
    assert kubernetes.asked == []
