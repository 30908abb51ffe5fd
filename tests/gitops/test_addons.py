"""The add-ons of a cluster: from pinned versions, in an order that works, with the roles that Terraform makes."""

import re
import shutil
from typing import Any

import pytest
import yaml

from tests.gitops.conftest import kustomized, one, resources
from tests.gitops.schemas import ROOT
from tools.gitops.platform import ENVIRONMENTS

pytestmark = pytest.mark.slow  # kustomize

OWN = "https://git.example/wafer-fault.git"
WAVE = "argocd.argoproj.io/sync-wave"
OPTIONS = "argocd.argoproj.io/sync-options"
NEEDS = {  # add-on -> what has to be there first: its kinds, or its webhooks
    "kubeflow": {"cert-manager"},
    "monitoring": {"prometheus"},
    "aws-load-balancer-controller": {"cert-manager"},
}
# The API server of Kubeflow Pipelines 2.17, as far as its object store goes.
API_SERVER = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: ml-pipeline, namespace: kubeflow}
spec:
  selector: {matchLabels: {app: ml-pipeline}}
  template:
    metadata: {labels: {app: ml-pipeline}}
    spec:
      containers:
        - name: ml-pipeline-api-server
          image: server
          env:
            - {name: LOG_LEVEL, value: info}
            - {name: OBJECTSTORECONFIG_SECURE, value: "false"}
            - name: OBJECTSTORECONFIG_BUCKETNAME
              valueFrom: {configMapKeyRef: {name: pipeline-install-config, key: bucketName}}
            - {name: OBJECTSTORECONFIG_HOST, value: seaweedfs.kubeflow}
            - {name: OBJECTSTORECONFIG_PORT, value: "9000"}
            - name: OBJECTSTORECONFIG_ACCESSKEY
              valueFrom: {secretKeyRef: {name: mlpipeline-minio-artifact, key: accesskey}}
            - name: OBJECTSTORECONFIG_SECRETACCESSKEY
              valueFrom: {secretKeyRef: {name: mlpipeline-minio-artifact, key: secretkey}}
"""
# What its manifests hold besides, and an overlay of ours too.
SHARED = {
    ("ServiceAccount", "ml-pipeline"),
    ("ServiceAccount", "ml-pipeline-ui"),
    ("ServiceAccount", "pipeline-runner"),
    ("ConfigMap", "kfp-launcher"),
}


def addons(environment: str) -> dict[str, dict[str, Any]]:
    found = resources(kustomized(ROOT, f"addons/overlays/{environment}"))
    return {each["metadata"]["name"].removesuffix(f"-{environment}"): each for each in found}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_addon_is_of_one_version_from_a_place_its_project_admits(environment: str) -> None:
    admitted = one(kustomized(ROOT, "argocd"), "AppProject", "wafer-fault-addons")["spec"]["sourceRepos"]

    sources = [each["spec"]["source"] for each in addons(environment).values()]

    assert {source["repoURL"] for source in sources} == set(admitted)
    for source in sources:
        if "chart" in source:
            assert re.fullmatch(r"v?\d+\.\d+\.\d+", source["targetRevision"])
        else:
            assert (source["repoURL"], source["targetRevision"]) == (OWN, "main")
            assert (ROOT / source["path"] / "kustomization.yaml").is_file()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_an_addon_needs_comes_in_a_wave_before_it(environment: str) -> None:
    waves = {name: int(each["metadata"]["annotations"][WAVE]) for name, each in addons(environment).items()}

    assert {name: needed for name, needed in NEEDS.items() if any(waves[each] >= waves[name] for each in needed)} == {}
    health = one(kustomized(ROOT, "argocd"), "ConfigMap", "argocd-cm")["data"]
    assert "resource.customizations.health.argoproj.io_Application" in health  # or no wave waits


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_addon_goes_to_the_cluster_of_its_environment_and_knows_its_name(environment: str) -> None:
    found = addons(environment)
    cluster = f"wafer-fault-{environment}"

    assert {each["spec"]["destination"]["name"] for each in found.values()} == {cluster}
    values = {name: each["spec"]["source"].get("helm", {}).get("valuesObject", {}) for name, each in found.items()}
    assert values["aws-load-balancer-controller"]["clusterName"] == cluster
    assert values["cluster-autoscaler"]["autoDiscovery"]["clusterName"] == cluster
    logs = values["aws-for-fluent-bit"]["cloudWatchLogs"]
    assert (logs["logGroupName"], logs["autoCreateGroup"]) == (f"/{cluster}/pods", False)
    assert 'name              = "/${var.cluster_name}/pods"' in _terraform("modules/cluster_roles/main.tf")
    region = re.search(r'"region".*?default += "(\S+)"', _terraform(f"envs/{environment}/variables.tf"), re.DOTALL)
    assert region
    assert {values["cluster-autoscaler"]["awsRegion"], logs["region"]} == {region[1]}


def test_the_accounts_that_terraform_gives_roles_are_those_of_the_addons() -> None:
    given = re.findall(r'^    ([\w-]+) += \{ namespace = "([\w-]+)"', _terraform("modules/cluster_roles/main.tf"), re.M)
    found = addons("dev")

    assert len(given) == 6
    for account, namespace in given:
        spec = found[account]["spec"]
        values = spec["source"]["helm"]["valuesObject"]
        parts = (values, values.get("rbac", {}), values.get("webhook", {}))
        named = next(part["serviceAccount"] for part in parts if "serviceAccount" in part)
        assert (named["name"], spec["destination"]["namespace"]) == (account, namespace)


def _terraform(path: str) -> str:
    return (ROOT / "terraform" / path).read_text()


@pytest.fixture(scope="module")
def kubeflow(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Our patches over what 2.17 has of the objects that they are about."""
    root = tmp_path_factory.mktemp("kubeflow")
    folder = shutil.copytree(ROOT / "gitops" / "kubeflow", root / "gitops" / "kubeflow")
    others = [
        {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "kubeflow"}} for kind, name in SHARED
    ]
    (folder / "server.yaml").write_text(f"{API_SERVER}---\n{yaml.safe_dump_all(others)}")
    ours = yaml.safe_load((folder / "kustomization.yaml").read_text())
    assert all(each.endswith("?ref=2.17.0") for each in ours["resources"])
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(ours | {"resources": ["server.yaml"]}))
    return kustomized(root, "kubeflow")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_object_is_held_by_kubeflows_application_and_by_ours(environment: str, kubeflow: str) -> None:
    held = {(each["kind"], each["metadata"]["name"]) for each in resources(kubeflow)}
    ours = resources(kustomized(ROOT, f"overlays/{environment}"))
    inside = {
        (each["kind"], each["metadata"]["name"]) for each in ours if each["metadata"].get("namespace") == "kubeflow"
    }

    assert inside >= SHARED
    assert held & inside == set()


def test_kubeflow_keeps_its_packages_in_the_store_without_a_key(kubeflow: str) -> None:
    container = one(kubeflow, "Deployment", "ml-pipeline")["spec"]["template"]["spec"]["containers"][0]
    found = {each["name"]: each.get("value") or each["valueFrom"]["configMapKeyRef"] for each in container["env"]}
    store = {key: {"name": "wafer-object-store", "key": key} for key in ("bucket", "host", "region")}
    assert found == {
        "LOG_LEVEL": "info",
        "OBJECTSTORECONFIG_SECURE": "true",
        "OBJECTSTORECONFIG_HOST": store["host"],
        "OBJECTSTORECONFIG_PORT": "443",
        "OBJECTSTORECONFIG_REGION": store["region"],
        "OBJECTSTORECONFIG_BUCKETNAME": store["bucket"],
        "OBJECTSTORECONFIG_PIPELINEPATH": "kfp/pipelines",
    }
    platform = one(kustomized(ROOT, "overlays/dev"), "ConfigMap", "wafer-object-store", "kubeflow")["data"]
    assert platform.keys() == store.keys()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_argocd_deletes_no_volume_no_namespace_and_no_version_of_a_pipeline(environment: str) -> None:
    found = resources(kustomized(ROOT, f"overlays/{environment}"))
    kept = {"PersistentVolumeClaim", "Namespace", "Pipeline", "PipelineVersion"}

    for each in found:
        if each["kind"] in kept:
            assert "Prune=false" in each["metadata"]["annotations"][OPTIONS], each["metadata"]["name"]
    waves = {each["kind"]: each["metadata"]["annotations"].get(WAVE, "0") for each in found if each["kind"] in kept}
    assert int(waves["Pipeline"]) < int(waves["PipelineVersion"])
