"""The predictor behind KServe: off by default; where it is, without rights, and reached by chosen namespaces alone."""

import pytest

from tests.gitops.conftest import Conform, kustomized, one, resources
from tests.gitops.schemas import ROOT
from tests.gitops.states import DIGEST, copy_of_gitops, deploy, with_component

pytestmark = pytest.mark.slow  # kustomize reads everything


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = with_component(deploy(copy_of_gitops(tmp_path_factory.mktemp("kserve"))), "prod", "kserve")
    return kustomized(root, "overlays/prod")


def test_no_environment_has_it_by_default() -> None:
    for environment in ("dev", "prod"):
        assert "InferenceService" not in {
            each["kind"] for each in resources(kustomized(ROOT, f"overlays/{environment}"))
        }


def test_it_is_valid_strictly(text: str, conform: Conform) -> None:
    report = conform(text)

    assert report["resources"] == []
    assert report["summary"]["valid"] == len(resources(text))


@pytest.mark.parametrize(
    ("before", "after"), [("minReplicas: 1", "minReplicas: one"), ("scaleMetric:", "scalemetric:")]
)
def test_a_typing_error_is_not_valid(text: str, conform: Conform, before: str, after: str) -> None:
    service = text[text.index("kind: InferenceService") :]
    assert before in service

    broken = text.replace(service, service.replace(before, after))

    assert conform(broken)["summary"]["invalid"] > 0


def test_it_runs_the_applications_image_without_rights(text: str) -> None:
    spec = one(text, "InferenceService", "wafer-fault")["spec"]["predictor"]
    container = spec["containers"][0]

    assert container["image"].endswith(f"/application@{DIGEST}")
    assert spec["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert spec["automountServiceAccountToken"] is False
    assert "annotations" not in one(text, "ServiceAccount", spec["serviceAccountName"])["metadata"]


def test_only_namespaces_with_the_label_may_ask(text: str) -> None:
    policy = one(text, "NetworkPolicy", "predictor")["spec"]
    pods = one(text, "InferenceService", "wafer-fault")["spec"]["predictor"]["labels"]

    assert policy["podSelector"]["matchLabels"].items() <= pods.items()
    (rule,) = policy["ingress"]
    assert rule["from"] == [{"namespaceSelector": {"matchLabels": {"wafer-fault/scores": "allowed"}}}]
