"""An API server for the tests of this folder, and the manifests that it is asked about."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gitops.conftest import kustomized, resources
from tests.gitops.schemas import ROOT
from tests.gitops.states import copy_of_gitops, deploy, with_component
from tests.platform.cluster import Cluster, Manifest
from tests.platform.kinds import argo_kinds, kinds_of_others
from tests.platform.servers import needed, running_cluster

NAMESPACES = ("argocd", "kubeflow", "monitoring")  # made by the add-ons
STANDARDS = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("warn", "audit")}


def namespace(name: str) -> Manifest:
    """A namespace of an add-on, whose pods the server warns of where the strictest standard would refuse them."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": STANDARDS}}


def account(namespace: str) -> Manifest:
    """What a controller makes in every namespace; none runs here."""
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": namespace}}


@pytest.fixture(scope="session")
def kubernetes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster as it is when Argo CD first syncs: the add-ons' kinds and namespaces, and ours."""
    needed("etcd", "kube-apiserver")
    with running_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        cluster.define(*kinds_of_others(), *argo_kinds())
        cluster.install(*(namespace(name) for name in NAMESPACES))
        cluster.install(*(each for each in overlay(ROOT, "prod") if each["kind"] == "Namespace"))
        cluster.install(*(account(each) for each in (*NAMESPACES, "wafer-fault", "kube-system")))
        yield cluster


@pytest.fixture(scope="session", params=["committed", "deployed", "with components"])
def root(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository's gitops/ in every state that a cluster may be given."""
    if request.param == "committed":
        return ROOT
    made = deploy(copy_of_gitops(tmp_path_factory.mktemp("deployed")))
    if request.param == "with components":
        for environment in ("dev", "prod"):
            for component in ("engine", "kserve", "signed-images"):
                with_component(made, environment, component)
        with_component(made, "dev", "mlflow-secured", after="mlflow")
    return made


def overlay(root: Path, environment: str) -> list[Manifest]:
    """What an environment's overlay holds."""
    return list(resources(kustomized(root, f"overlays/{environment}")))


def workloads(manifests: list[Manifest]) -> list[Manifest]:
    """Those of them that start pods; of a CronJob the Job."""
    jobs = [{**each, "spec": each["spec"]["jobTemplate"]["spec"]} for each in manifests if each["kind"] == "CronJob"]
    return [each for each in manifests if each["kind"] in {"Deployment", "StatefulSet", "DaemonSet", "Job"}] + jobs
