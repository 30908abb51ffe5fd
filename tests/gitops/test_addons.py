"""The add-ons of a cluster: from pinned versions, in an order that works, with the roles that Terraform makes."""

import re
from pathlib import Path
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

    assert len(given) == 5
    for account, namespace in given:
        spec = found[account]["spec"]
        values = spec["source"]["helm"]["valuesObject"]
        named = values.get("serviceAccount") or values["rbac"]["serviceAccount"]
        assert (named["name"], spec["destination"]["namespace"]) == (account, namespace)


def _terraform(path: str) -> str:
    return (ROOT / "terraform" / path).read_text()


def test_kubeflow_keeps_its_packages_in_the_store_without_a_key(tmp_path: Path) -> None:
    kubeflow = ROOT / "gitops" / "kubeflow"
    folder = tmp_path / "gitops" / "kubeflow"
    folder.mkdir(parents=True)
    (folder / "server.yaml").write_text(API_SERVER)
    for name in ("object-store.yaml", "keep.yaml"):
        (folder / name).write_text((kubeflow / name).read_text())
    ours = yaml.safe_load((kubeflow / "kustomization.yaml").read_text())
    assert all(each.endswith("?ref=2.17.0") for each in ours["resources"])
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(ours | {"resources": ["server.yaml"]}))

    text = kustomized(tmp_path, "kubeflow")

    container = one(text, "Deployment", "ml-pipeline")["spec"]["template"]["spec"]["containers"][0]
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
