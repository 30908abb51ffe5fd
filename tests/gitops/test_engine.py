"""Scheduler and workers on Kubernetes: off by default, and where they are, reached by tasks alone and only with TLS."""

from pathlib import Path
from typing import Any

import pytest

from tests.gitops.conftest import Conform, kustomized, one, resources
from tests.gitops.schemas import ROOT
from tests.gitops.states import ACCOUNT, DIGEST, copy_of_gitops, deploy, with_component

pytestmark = pytest.mark.slow  # kustomize reads everything
PARTS = ("scheduler", "worker")


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An environment that took the workers in, after its first deploy."""
    root = with_component(deploy(copy_of_gitops(tmp_path_factory.mktemp("engine"))), "prod", "engine")
    return kustomized(root, "overlays/prod")


def pod(text: str, part: str) -> dict[str, Any]:
    found: dict[str, Any] = one(text, "Deployment", f"wafer-engine-{part}")["spec"]["template"]
    return found


def test_no_environment_has_it_by_default() -> None:
    for environment in ("dev", "prod"):
        assert "wafer-engine" not in {
            each["metadata"]["name"] for each in resources(kustomized(ROOT, f"overlays/{environment}"))
        }


def test_it_is_valid_strictly(text: str, conform: Conform) -> None:
    report = conform(text)

    assert report["resources"] == []
    assert report["summary"]["valid"] == len(resources(text))


@pytest.mark.parametrize(("before", "after"), [("renewBefore: 2160h", "renewBefore: soon"), ("isCA:", "isCa:")])
def test_a_typing_error_in_a_certificate_is_not_valid(text: str, conform: Conform, before: str, after: str) -> None:
    assert before in text

    assert conform(text.replace(before, after))["summary"]["invalid"] > 0


@pytest.mark.parametrize("part", PARTS)
def test_its_pods_meet_the_restricted_standard_with_a_role_of_their_own(part: str, text: str) -> None:
    spec = pod(text, part)["spec"]
    container = spec["containers"][0]
    account = one(text, "ServiceAccount", "wafer-engine")["metadata"]["annotations"]

    assert spec["serviceAccountName"] == "wafer-engine"
    assert account["eks.amazonaws.com/role-arn"] == f"arn:aws:iam::{ACCOUNT}:role/wafer-fault-prod-engine"
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert container["image"].endswith(f"/engine@{DIGEST}")
    assert {"startupProbe", "livenessProbe", "readinessProbe", "resources"} <= container.keys()
    assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in spec["volumes"]}


def test_only_a_runs_tasks_and_its_own_pods_reach_the_scheduler(text: str) -> None:
    policies = [each for each in resources(text) if each["kind"] == "NetworkPolicy"]
    labels = pod(text, "scheduler")["metadata"]["labels"]

    open_to = [
        (rule["from"], rule.get("ports"))
        for policy in policies
        if policy["metadata"]["namespace"] == "kubeflow"
        and policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
        for rule in policy["spec"]["ingress"]
    ]

    own = [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "wafer-engine"}}}]
    tasks = [{"podSelector": {"matchExpressions": [{"key": "pipeline/runid", "operator": "Exists"}]}}]
    assert open_to == [(own, None), (tasks, [{"port": 8786}])]


def test_tasks_are_told_where_it_is_and_mount_a_certificate_that_is_no_schedulers(text: str) -> None:
    settings = one(text, "ConfigMap", "wafer-settings", "kubeflow")["data"]
    service = one(text, "Service", "wafer-engine")
    client = one(text, "Certificate", "wafer-engine-client")["spec"]

    assert settings["WAFER_ENGINE"] == "tls://wafer-engine.kubeflow.svc.cluster.local:8786"
    assert service["spec"]["selector"].items() <= pod(text, "scheduler")["metadata"]["labels"].items()
    assert client["usages"] == ["client auth"]
    assert client["issuerRef"] == one(text, "Certificate", "wafer-engine")["spec"]["issuerRef"]
    assert f"secretName: {client['secretName']}" in Path(ROOT / "pipelines/compiled/train.kubernetes.yaml").read_text()
