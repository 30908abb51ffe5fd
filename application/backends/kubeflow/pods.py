"""Why a pod of a run does not begin, asked of Kubernetes itself where this application runs in the cluster and may.

Kubeflow 2.17 tells a task's state, and neither its pod's state nor its events. Off the cluster nobody is asked.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import structlog
from urllib3 import PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")  # where Kubernetes puts a pod's token and its CA
NAMESPACE = "kubeflow"  # of runs, where no other is set
SECONDS = 1.5  # for each of the two questions: a look at a run answers in 5
Item = Mapping[str, Any]  # a pod or an event, as the Kubernetes API writes it
_REFUSED = {401, 403}
_NODE = "workflows.argoproj.io/node-name"  # Argo's path to a pod: `run.root.exit-handler-1.validate.executor`
_RUN = "pipeline/runid"


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where the Kubernetes API is, and the folder with the token and the CA to speak to it."""

    url: str
    account: Path

    @classmethod
    def around(cls, account: Path = ACCOUNT) -> "Cluster | None":
        """The cluster that this process runs in; None outside of one, or without a token."""
        if "KUBERNETES_SERVICE_HOST" not in os.environ or not (account / "token").is_file():
            return None
        return cls("https://kubernetes.default.svc", account)


class Pods:
    """The pods of runs in one namespace; a cluster that refuses is asked once."""

    def __init__(self, cluster: Cluster | None, namespace: str) -> None:
        self._cluster = cluster
        self._path = f"/api/v1/namespaces/{namespace or NAMESPACE}"

    def reasons(self, native_id: str, tasks: Iterable[str]) -> dict[str, str]:
        """Task -> what Kubernetes says of its pod that does not begin, for those of these tasks that it says it of."""
        wanted = set(tasks)
        if not wanted or not self._cluster:
            return {}
        pods = self._ask("pods", labelSelector=f"{_RUN}={native_id}", fieldSelector="status.phase=Pending")
        ours = {task: pod for pod in pods for task in wanted.intersection(_path_of(pod))}
        if not ours:
            return {}
        events = self._ask("events", fieldSelector="involvedObject.kind=Pod,type=Warning")
        reasons = {task: _last_event(pod, events) or _waiting(pod) for task, pod in ours.items()}
        return {task: reason for task, reason in reasons.items() if reason}

    @cached_property
    def _http(self) -> PoolManager:
        ca = self._cluster.account / "ca.crt" if self._cluster else Path()
        return PoolManager(
            timeout=Timeout(total=SECONDS), retries=Retry(False), ca_certs=str(ca) if ca.is_file() else None
        )

    def _ask(self, what: str, **selectors: str) -> list[Item]:
        """A list of the API; empty when it does not answer, or does not let us ask."""
        if not self._cluster:
            return []
        try:
            token = (self._cluster.account / "token").read_text(encoding="utf-8").strip()  # Kubernetes renews it
            url = f"{self._cluster.url}{self._path}/{what}"
            headers = {"Authorization": f"Bearer {token}"}
            answer = self._http.request("GET", url, fields={**selectors, "limit": "500"}, headers=headers)
        except (HTTPError, OSError):
            return []
        if answer.status in _REFUSED:
            structlog.get_logger().info("kubernetes.refused", what=what, status=answer.status)
            self._cluster = None
        return list(json.loads(answer.data).get("items") or []) if answer.status == 200 else []


def _path_of(pod: Item) -> set[str]:
    """The names on Argo's path to a pod, its task's among them."""
    annotations: Mapping[str, str] = pod["metadata"].get("annotations") or {}
    return set(annotations.get(_NODE, "").split("."))


def _last_event(pod: Item, events: Iterable[Item]) -> str:
    about = [each for each in events if each["involvedObject"].get("name") == pod["metadata"]["name"]]
    latest = max(about, key=lambda each: str(each.get("lastTimestamp") or each.get("eventTime") or ""), default=None)
    return f"{latest.get('reason')}: {latest.get('message')}" if latest else ""


def _waiting(pod: Item) -> str:
    """What a container waits for, as the pod itself says it."""
    for container in pod.get("status", {}).get("containerStatuses") or []:
        waiting = container.get("state", {}).get("waiting") or {}
        if waiting.get("message"):
            return f"{waiting.get('reason')}: {waiting['message']}"
    return ""
