"""What gitops/ promises: valid for Kubernetes, closed by default, without root, without secrets, and never stale."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.images import STAGES
from pipelines.tasks import ROLES
from tests.gitops.conftest import Build, Conform, gitops_files, kustomized, one, resources
from tests.gitops.schemas import ROOT
from tests.gitops.states import ACCOUNT, DIGEST, before_any_push, copy_of_gitops, deploy, made, push_everything
from tools.gitops.__main__ import main as gitops
from tools.gitops.platform import ENVIRONMENTS, registry
from tools.gitops.rendering import rendered, stale

pytestmark = pytest.mark.slow  # kustomize and kubeconform read everything

FOLDERS = [*(f"{each}overlays/{name}" for each in ("", "addons/") for name in ENVIRONMENTS), "argocd", "monitoring"]
WORKLOADS = [("dev", "application"), ("dev", "mlflow"), ("prod", "application")]
WRITTEN = re.compile(r"images\.lock|overlays/\w+/(platform|images|pipelines/\w+)\.yaml")  # by tools.gitops


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_is_valid_strictly(build: Build, conform: Conform, folder: str) -> None:
    report = conform(build(folder))

    assert report["resources"] == []
    assert report["summary"]["valid"] == len(resources(build(folder)))


@pytest.mark.parametrize(
    ("before", "after"),
    [("revisionHistoryLimit:", "revisionHistoryLimits:"), ("minReplicas: 2", "minReplicas: two"), ("dag:", "dagg:")],
)
def test_a_typing_error_is_not_valid(build: Build, conform: Conform, before: str, after: str) -> None:
    text = build("overlays/prod")
    assert before in text

    assert conform(text.replace(before, after))["summary"]["invalid"] > 0


def test_rendered_pipelines_are_those_of_the_dags_and_the_lock_as_they_are(root: Path) -> None:
    assert stale(root) == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_pipeline_version_is_named_by_its_content(environment: str, build: Build) -> None:
    text = build(f"overlays/{environment}")

    versions = [each for each in resources(text) if each["kind"] == "PipelineVersion"]
    assert len(versions) == 3
    for version in versions:
        assert re.fullmatch(rf"{version['spec']['pipelineName']}-[0-9a-f]{{12}}", version["metadata"]["name"])


def test_a_push_changes_the_references_and_the_versions_names_and_nothing_is_by_tag(tmp_path: Path) -> None:
    root, digest = copy_of_gitops(tmp_path), "sha256:" + "ef" * 32
    before = rendered(root, "dev")

    push_everything(root, "dev", digest)
    after = rendered(root, "dev")

    assert all(before[path] != after[path] for path in after)
    images = set(re.findall(r"image: (\S+)", "\n".join(after.values())))
    assert images == {f"{registry(root, 'dev')}/{stage}@{digest}" for stage in STAGES}
    assert gitops(["--root", str(root), "check"]) == 1
    assert gitops(["--root", str(root), "render", "dev"]) == 0
    assert gitops(["--root", str(root), "check"]) == 0


def test_a_promoted_environment_is_not_stale_when_the_code_of_main_goes_on(tmp_path: Path) -> None:
    root = deploy(copy_of_gitops(tmp_path))
    for environment in ENVIRONMENTS:
        path = root / f"gitops/overlays/{environment}/pipelines/train.yaml"
        path.write_text(path.read_text() + "# as older code wrote it\n")

    assert stale(root) == [Path("gitops/overlays/dev/pipelines/train.yaml")]


def test_what_the_store_gets_is_by_digest_and_has_every_route_and_component(tmp_path: Path) -> None:
    root, folder = copy_of_gitops(tmp_path), tmp_path / "packages"
    before_any_push(root, "dev")
    assert gitops(["--root", str(root), "packages", "dev", str(folder)]) == 2  # nothing was pushed
    push_everything(root, "dev")

    assert gitops(["--root", str(root), "packages", "dev", str(folder)]) == 0

    assert {path.name for path in folder.glob("*.yaml")} == {"train.yaml", "predict.yaml", "outcomes.yaml"}
    components = list((folder / "components").iterdir())
    assert len(components) == 11
    for path in [*components, *folder.glob("*.yaml")]:
        used = re.findall(r"image: (\S+)", path.read_text())
        assert used
        assert all(image.endswith(f"@{DIGEST}") for image in used), path


def test_what_terraform_made_reaches_every_manifest_that_needs_it(tmp_path: Path) -> None:
    root = copy_of_gitops(tmp_path)
    outputs = tmp_path / "platform.json"
    outputs.write_text(json.dumps(made("prod")))
    arguments = ["--root", str(root), "platform", "prod", str(outputs), "--host", "wafer.plant.example"]

    assert gitops(arguments) == 0
    assert gitops(["--root", str(root), "render", "prod"]) == 0

    text = kustomized(root, "overlays/prod")
    account = one(text, "ServiceAccount", "application")
    role = f"arn:aws:iam::{ACCOUNT}:role/wafer-fault-prod-application"
    assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] == role
    assert one(text, "Ingress", "application")["spec"]["rules"][0]["host"] == "wafer.plant.example"
    settings = one(text, "ConfigMap", "wafer-settings", "wafer-fault")["data"]
    store = f"s3://wafer-fault-prod-store-{ACCOUNT}"
    assert settings["WAFER_STORE"] == store
    assert settings["WAFER_LEDGER"] == "dynamodb://wafer-fault-prod-runs"
    assert settings["WAFER_HOSTS"] == "wafer.plant.example,localhost"
    assert settings["AWS_REGION"] == "eu-west-1"
    assert one(text, "ConfigMap", "kfp-launcher")["data"]["defaultPipelineRoot"] == f"{store}/kfp"
    assert "ACCOUNT" not in text
    assert "platform.yaml" not in text


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_stage_finds_its_role(environment: str, build: Build) -> None:
    roles = one(build(f"overlays/{environment}"), "ConfigMap", ROLES)["data"]

    assert {*STAGES, "AWS_WEB_IDENTITY_TOKEN_FILE", "application"} <= roles.keys()
    assert all(roles[stage].endswith(f":role/wafer-fault-{environment}-{stage}") for stage in STAGES)


@pytest.mark.parametrize(("environment", "name"), WORKLOADS)
def test_every_pod_meets_the_restricted_standard_with_a_root_it_cannot_write(
    environment: str, name: str, build: Build
) -> None:
    pod = one(build(f"overlays/{environment}"), "Deployment", name)["spec"]["template"]["spec"]
    container = pod["containers"][0]

    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys()
    assert {"requests", "limits"} <= container["resources"].keys()
    assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in pod["volumes"]}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nothing_in_the_namespace_may_speak_unless_a_policy_says_so(environment: str, build: Build) -> None:
    text = build(f"overlays/{environment}")

    closed = one(text, "NetworkPolicy", "default-deny")
    assert closed["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    application = one(text, "NetworkPolicy", "application")["spec"]
    assert application["podSelector"]["matchLabels"]["app.kubernetes.io/name"] == "application"
    world = [rule for rule in application["egress"] if "0.0.0.0/0" in str(rule)]
    assert [rule["ports"] for rule in world] == [[{"port": 443}]]
    assert "127.0.0.1/32" not in text
    assert (
        one(text, "Namespace", "wafer-fault")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        == "restricted"
    )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_selectors_select_the_pods_they_are_for(environment: str, build: Build) -> None:
    text = build(f"overlays/{environment}")
    labels = one(text, "Deployment", "application")["spec"]["template"]["metadata"]["labels"]

    for kind, selector in (("Service", "selector"), ("PodDisruptionBudget", "selector"), ("Deployment", "selector")):
        found: dict[str, Any] = one(text, kind, "application")["spec"][selector]
        assert {"app.kubernetes.io/name": "application"}.items() <= found.get("matchLabels", found).items()
        assert found.get("matchLabels", found).items() <= labels.items()
    assert one(text, "HorizontalPodAutoscaler", "application")["spec"]["scaleTargetRef"]["name"] == "application"


def test_production_keeps_two_and_its_tracking_server_on_its_machine(build: Build) -> None:
    prod, dev = build("overlays/prod"), build("overlays/dev")

    assert one(prod, "HorizontalPodAutoscaler", "application")["spec"]["minReplicas"] == 2
    assert ".internal:5000" in one(prod, "ConfigMap", "wafer-settings", "wafer-fault")["data"]["MLFLOW_TRACKING_URI"]
    in_cluster = "http://mlflow.wafer-fault.svc.cluster.local:5000"
    for namespace in ("wafer-fault", "kubeflow"):
        assert one(dev, "ConfigMap", "wafer-settings", namespace)["data"]["MLFLOW_TRACKING_URI"] == in_cluster


def test_no_secret_and_no_moving_tag_is_in_git(root: Path, build: Build) -> None:
    suspicious = re.compile(r":latest\b|AKIA|PRIVATE KEY")

    assert not [path for path, text in gitops_files(root).items() if suspicious.search(text)]
    assert all(each["kind"] != "Secret" for folder in FOLDERS for each in resources(build(folder)))


def test_an_account_is_named_only_where_a_program_writes_it(root: Path) -> None:
    account = re.compile(r"\b\d{12}\b")

    found = [path for path, text in gitops_files(root).items() if account.search(text)]

    assert [path for path in found if not WRITTEN.fullmatch(path)] == []


def test_the_database_is_reached_by_a_reference_to_a_secret(build: Build) -> None:
    pod = one(build("overlays/prod"), "Deployment", "application")["spec"]["template"]["spec"]
    environment = {each["name"]: each for each in pod["containers"][0]["env"]}

    assert environment["MONGODB_URI"]["valueFrom"] == {"secretKeyRef": {"name": "wafer-secrets", "key": "MONGODB_URI"}}


def test_argocd_deploys_the_overlays_of_git_and_production_only_by_hand(root: Path, build: Build) -> None:
    text = build("argocd")

    for environment in ENVIRONMENTS:
        spec = one(text, "Application", f"wafer-fault-{environment}")["spec"]
        assert (root / spec["source"]["path"] / "kustomization.yaml").exists()
        assert ("automated" in spec["syncPolicy"]) == (environment == "dev")


def test_every_environments_network_is_the_one_terraform_makes(root: Path) -> None:
    for environment in ENVIRONMENTS:
        documents = list(yaml.safe_load_all((root / f"gitops/overlays/{environment}/platform.yaml").read_text()))

        assert f'"{documents[0]["data"]["network"]}"' in (ROOT / f"terraform/envs/{environment}/main.tf").read_text()
