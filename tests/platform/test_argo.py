"""Argo CD's own programs bring a repository's gitops/ into a real API server, as docs/deploy.md sets them up."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.gitops.conftest import kustomized, resources
from tests.gitops.states import copy_of_gitops, deploy
from tests.platform.argo import Repository, new_repository, register, running_argo
from tests.platform.cluster import Cluster, Manifest
from tests.platform.conftest import overlay
from tests.platform.servers import needed

PLACEHOLDER = "https://git.example/wafer-fault.git"
ADDONS = "addons/overlays/dev"
SECONDS = 180
DEV = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application"} | {
    "metadata": {"name": "wafer-fault-dev", "namespace": "argocd"}
}
# What controllers report of a workload that does well: none runs here. Other kinds Argo CD takes for healthy.
HEALTHY = {
    "Deployment": {
        "observedGeneration": 1000,
        **dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), 1),
        "conditions": [{"type": "Available", "status": "True"}],
    },
    "HorizontalPodAutoscaler": {
        "desiredReplicas": 1,
        "conditions": [{"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale"}],
    },
    "PodDisruptionBudget": {
        **dict.fromkeys(("currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods"), 1),
        "conditions": [
            {"type": "DisruptionAllowed", "status": "True", "reason": "SufficientPods"}
            | {"lastTransitionTime": "2026-01-01T00:00:00Z", "message": ""}
        ],
    },
    "Ingress": {"loadBalancer": {"ingress": [{"hostname": "balancer.example"}]}},
    "PersistentVolumeClaim": {"phase": "Bound"},
}


@dataclass(frozen=True, slots=True)
class Synced:
    """A cluster that Argo CD keeps as a repository says."""

    cluster: Cluster
    repository: Repository
    root: Path

    def manifest(self, kind: str, name: str) -> Manifest:
        """One of the overlay as it is in the repository."""
        found = [each for each in overlay(self.root, "dev") if (each["kind"], each["metadata"]["name"]) == (kind, name)]
        return found[0]

    def application(self) -> dict[str, Any]:
        """What Argo CD says of it."""
        status: dict[str, Any] = (self.cluster.get(DEV) or {}).get("status", {})
        return status

    def refresh(self) -> None:
        self.cluster.patch(DEV, {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}})

    def wait_for_revision(self, commit: str) -> dict[str, Any]:
        """The operation that synced a commit, once it has ended."""
        self.refresh()
        eventually(lambda: self._ended(commit), self.application)
        operation: dict[str, Any] = self.application()["operationState"]
        return operation

    def _ended(self, commit: str) -> bool:
        operation = self.application().get("operationState", {})
        return operation.get("phase") != "Running" and bool(operation.get("syncResult", {}).get("revision") == commit)


def eventually(holds: Callable[[], bool], seen: Callable[[], object]) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, seen()
        time.sleep(0.2)


@pytest.fixture(scope="module")
def argo(kubernetes: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synced]:
    """Argo CD with the Applications of gitops/argocd over a repository with the state after a first deploy."""
    needed("argocd")
    root = deploy(copy_of_gitops(tmp_path_factory.mktemp("repository")))
    repository = new_repository(root, tmp_path_factory.mktemp("bare") / "wafer-fault.git")
    for folder in ("argocd", "addons/base"):
        for path in (root / "gitops" / folder).glob("*.yaml"):
            path.write_text(path.read_text().replace(PLACEHOLDER, repository.url))
    replace_charts(root)
    repository.commit("Deploy the first images")
    settings = resources(kustomized(root, "argocd"))
    kubernetes.install(*(each for each in settings if each["kind"] in {"ConfigMap", "AppProject"}))
    register(kubernetes, "wafer-fault-dev")
    kubernetes.install(*(each for each in settings if each["metadata"]["name"] in {"wafer-fault-dev", "addons-dev"}))
    with running_argo(tmp_path_factory.mktemp("argo"), kubernetes):
        yield Synced(kubernetes, repository, root)


@pytest.fixture(scope="module")
def first_sync(argo: Synced) -> dict[str, Any]:
    """The first sync, up to where it waits for workloads to be healthy."""
    eventually(lambda: "waiting for healthy state" in _message(argo), argo.application)
    return argo.application()


@pytest.fixture(scope="module")
def synced(argo: Synced, first_sync: dict[str, Any]) -> Synced:
    """The same once its workloads report that they do well."""
    assert first_sync
    report_health(argo)
    eventually(lambda: argo.application()["operationState"]["phase"] == "Succeeded", argo.application)
    return argo


def report_health(argo: Synced) -> None:
    for each in overlay(argo.root, "dev"):
        if each["kind"] in HEALTHY:
            argo.cluster.patch(each, {"status": HEALTHY[each["kind"]]}, "/status")


def test_pipelines_wait_until_the_workloads_are_healthy(argo: Synced, first_sync: dict[str, Any]) -> None:
    assert argo.cluster.get(argo.manifest("Deployment", "application"))
    waves = [each for each in overlay(argo.root, "dev") if each["kind"] in {"Pipeline", "PipelineVersion"}]

    assert len(waves) == 6
    assert [each["metadata"]["name"] for each in waves if argo.cluster.get(each)] == []
    assert first_sync["operationState"]["phase"] == "Running"


def test_a_version_comes_after_its_pipeline(synced: Synced) -> None:
    there = {kind: _made(synced, kind) for kind in ("Pipeline", "PipelineVersion")}

    assert max(there["Pipeline"]) < min(there["PipelineVersion"])


def test_everything_in_the_overlay_is_in_the_cluster_and_in_sync(synced: Synced) -> None:
    eventually(lambda: synced.application()["sync"]["status"] == "Synced", synced.application)

    manifests = overlay(synced.root, "dev")
    assert [each["metadata"]["name"] for each in manifests if not synced.cluster.get(each)] == []
    eventually(lambda: synced.application()["health"]["status"] == "Healthy", synced.application)


def test_what_a_person_changed_or_deleted_is_healed(synced: Synced) -> None:
    settings = synced.manifest("ConfigMap", "wafer-settings")
    policy = synced.manifest("NetworkPolicy", "default-deny")
    name, right = next(iter(settings["data"].items()))

    synced.cluster.patch(settings, {"data": {name: "changed by hand"}})
    synced.cluster.delete(policy)

    eventually(lambda: synced.cluster.get(policy) is not None, synced.application)
    eventually(lambda: (synced.cluster.get(settings) or {})["data"][name] == right, synced.application)


def test_what_leaves_git_goes_unless_it_would_be_missed(synced: Synced) -> None:
    gone = synced.manifest("PodDisruptionBudget", "application")
    overlaid = overlay(synced.root, "dev")
    kept = [each for each in overlaid if _keeps(each)]
    remove_lines(synced.root / "gitops" / "base" / "application" / "kustomization.yaml", "disruption.yaml")
    remove_lines(synced.root / "gitops" / "overlays" / "dev" / "kustomization.yaml", "pipelines/")
    remove_lines(synced.root / "gitops" / "components" / "mlflow" / "kustomization.yaml", "volume.yaml")
    remove_lines(synced.root / "gitops" / "base" / "kustomization.yaml", "namespace.yaml")

    synced.wait_for_revision(synced.repository.commit("Take half of it away"))

    assert not stays(synced.cluster, gone)
    assert {each["kind"] for each in kept} == {"Namespace", "PersistentVolumeClaim", "Pipeline", "PipelineVersion"}
    assert [each["metadata"]["name"] for each in kept if not stays(synced.cluster, each)] == []


def stays(cluster: Cluster, manifest: Manifest) -> bool:
    """Whether it is there and nobody asked to delete it: what is deleted waits for a controller, and none runs here."""
    found = cluster.get(manifest)
    return found is not None and "deletionTimestamp" not in found["metadata"]


def test_a_secret_in_git_is_not_taken(synced: Synced) -> None:
    secret = synced.root / "gitops" / "overlays" / "dev" / "secret.yaml"
    metadata = "metadata: {name: leaked, namespace: wafer-fault}"
    secret.write_text(f"apiVersion: v1\nkind: Secret\n{metadata}\nstringData: {{password: x}}\n")
    kustomization = secret.with_name("kustomization.yaml")
    kustomization.write_text(kustomization.read_text().replace("resources:\n", "resources:\n  - secret.yaml\n"))

    operation = synced.wait_for_revision(synced.repository.commit("Leak a password"))

    assert operation["phase"] != "Succeeded"
    assert (
        synced.cluster.get(
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "leaked", "namespace": "wafer-fault"}}
        )
        is None
    )


def test_every_addon_comes_when_those_before_it_are_healthy(argo: Synced) -> None:
    addons = list(resources(kustomized(argo.root, ADDONS)))
    eventually(
        lambda: all(_health(argo, each) == "Healthy" for each in addons),
        lambda: [_health(argo, each) for each in addons],
    )

    waves = sorted({_wave(each) for each in addons})
    assert waves == [-2, -1, 0]
    for before, after in pairwise(waves):
        done = max(_status(argo, each)["operationState"]["finishedAt"] for each in addons if _wave(each) == before)
        begun = min(
            (argo.cluster.get(each) or {})["metadata"]["creationTimestamp"] for each in addons if _wave(each) == after
        )
        assert done <= begun


def replace_charts(root: Path) -> None:
    """Charts and Kubeflow come from the internet: in their place a setting each, and every other line as it is."""
    addons = resources(kustomized(root, ADDONS))
    for each in addons:
        source = each["spec"]["source"]
        if "chart" in source or source["path"] == "gitops/kubeflow":
            name = each["metadata"]["name"]
            each["spec"]["source"] = {"repoURL": _own(addons), "targetRevision": "main", "path": f"stand-ins/{name}"}
            (root / "stand-ins" / name).mkdir(parents=True)
            config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
            (root / "stand-ins" / name / "config.yaml").write_text(yaml.safe_dump(config))
    folder = root / "gitops" / ADDONS
    (folder / "addons.yaml").write_text(yaml.safe_dump_all(addons))
    (folder / "kustomization.yaml").write_text("resources: [addons.yaml]\n")


def _own(addons: list[Manifest]) -> str:
    return str(
        next(each for each in addons if each["spec"]["source"].get("path") == "gitops/monitoring")["spec"]["source"][
            "repoURL"
        ]
    )


def _wave(manifest: Manifest) -> int:
    return int(manifest["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])


def _status(argo: Synced, manifest: Manifest) -> dict[str, Any]:
    status: dict[str, Any] = (argo.cluster.get(manifest) or {}).get("status", {})
    return status


def _health(argo: Synced, manifest: Manifest) -> str:
    return str(_status(argo, manifest).get("health", {}).get("status", ""))


def remove_lines(path: Path, word: str) -> None:
    lines = path.read_text().splitlines(keepends=True)
    left = [line for line in lines if word not in line]
    assert left != lines
    path.write_text("".join(left))


def _keeps(manifest: Manifest) -> bool:
    return "Prune=false" in manifest["metadata"].get("annotations", {}).get("argocd.argoproj.io/sync-options", "")


def _message(argo: Synced) -> str:
    return str(argo.application().get("operationState", {}).get("message", ""))


def _made(argo: Synced, kind: str) -> list[int]:
    """When the store took each of a kind: nothing changes them afterwards, so its versions are in that order."""
    found = [argo.cluster.get(each) for each in overlay(argo.root, "dev") if each["kind"] == kind]
    return [int(each["metadata"]["resourceVersion"]) for each in found if each]
