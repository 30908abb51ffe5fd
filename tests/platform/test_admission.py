"""A real API server takes what gitops/ holds, as it is rendered: every kind, every field, every pod."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gitops.conftest import kustomized, resources
from tests.platform.cluster import Cluster, Manifest
from tests.platform.conftest import overlay, workloads
from tools.gitops.platform import ENVIRONMENTS

KSERVE = {
    "minReplicas",
    "maxReplicas",
    "scaleMetric",
    "scaleTarget",
    "labels",
    "annotations",
    "deploymentStrategy",
    "timeout",
}
FOLDERS = [f"{each}overlays/{name}" for each in ("", "addons/") for name in ENVIRONMENTS] + ["argocd", "monitoring"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_manifest_is_taken_without_a_warning(folder: str, root: Path, kubernetes: Cluster) -> None:
    manifests = resources(kustomized(root, folder))

    answers = {name(each): kubernetes.apply(each, dry_run=True) for each in manifests}

    assert len(answers) == len(manifests) > 0
    assert {of: (answer.message, answer.warnings) for of, answer in answers.items() if not answer.accepted} == {}
    assert {of: answer.warnings for of, answer in answers.items() if answer.warnings} == {}


def test_a_dry_run_leaves_nothing_behind(kubernetes: Cluster) -> None:
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "none", "namespace": "kubeflow"},
        "data": {"a": "b"},
    }

    assert kubernetes.apply(manifest, dry_run=True).accepted
    assert kubernetes.get(manifest) is None


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Deployment", ("spec", "replica"), 2),
        ("Service", ("spec", "ports"), [{"port": 99999}]),
        ("PipelineVersion", ("spec", "pipelinename"), "train"),
    ],
)
def test_a_field_that_does_not_exist_or_cannot_be_is_refused(
    kind: str, path: tuple[str, str], value: object, root: Path, kubernetes: Cluster
) -> None:
    right = next(each for each in overlay(root, "prod") if each["kind"] == kind)
    wrong = right | {path[0]: right[path[0]] | {path[1]: value}}

    assert kubernetes.apply(right, dry_run=True).accepted
    assert not kubernetes.apply(wrong, dry_run=True).accepted


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_strictest_standard_takes_every_pod_of_ours(environment: str, root: Path, kubernetes: Cluster) -> None:
    manifests = overlay(root, environment)
    kubernetes.install(*(each for each in manifests if each["kind"] == "ServiceAccount"))

    answers = {name(each): kubernetes.apply(each, dry_run=True) for each in pods(manifests)}

    assert answers
    assert {of: answer.message for of, answer in answers.items() if not answer.accepted} == {}
    assert {of: answer.warnings for of, answer in answers.items() if answer.warnings} == {}


@pytest.mark.parametrize(
    "change",
    [
        {"hostNetwork": True},
        {"securityContext": {"runAsNonRoot": False}},
        {"initContainers": [{"name": "more", "image": "any", "securityContext": {"privileged": True}}]},
    ],
)
def test_a_pod_with_more_rights_is_refused_in_our_namespace(change: Manifest, root: Path, kubernetes: Cluster) -> None:
    manifests = overlay(root, "prod")
    kubernetes.install(*(each for each in manifests if each["kind"] == "ServiceAccount"))
    right = next(each for each in pods(manifests) if each["metadata"]["namespace"] == "wafer-fault")

    answer = kubernetes.apply(right | {"spec": right["spec"] | change}, dry_run=True)

    assert answer.status == 403
    assert 'violates PodSecurity "restricted:v1.34"' in answer.message


def pods(manifests: list[Manifest]) -> Iterator[Manifest]:
    """A pod of every workload's template, and the one that KServe makes of a predictor."""
    for each in workloads(manifests):
        yield pod(each, each["spec"]["template"]["metadata"]["labels"], each["spec"]["template"]["spec"])
    for each in manifests:
        if each["kind"] == "InferenceService":
            predictor = each["spec"]["predictor"]
            spec = {key: value for key, value in predictor.items() if key not in KSERVE}
            yield pod(each, predictor["labels"], spec)


def pod(manifest: Manifest, labels: Manifest, spec: Manifest) -> Manifest:
    metadata = {"namespace": manifest["metadata"]["namespace"], "name": manifest["metadata"]["name"], "labels": labels}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def name(manifest: Manifest) -> str:
    return f"{manifest['kind']} {manifest['metadata'].get('namespace', '')}/{manifest['metadata']['name']}"
