"""The component `signed-images`: whose signature an image of the registry needs, once an overlay lists it."""

from pathlib import Path

import pytest

from tests.gitops.conftest import kustomized, one
from tests.gitops.states import PUBLIC_KEY, copy_of_gitops, deploy
from tools.gitops.platform import registry

pytestmark = pytest.mark.slow  # kustomize, and compiles the pipelines


def test_an_image_of_the_registry_needs_a_provenance_by_ci_and_others_are_let_in(tmp_path: Path) -> None:
    root = deploy(copy_of_gitops(tmp_path))
    overlay = root / "gitops/overlays/prod/kustomization.yaml"
    overlay.write_text(
        overlay.read_text().replace("components:\n", "components:\n  - ../../components/signed-images\n")
    )

    text = kustomized(root, "overlays/prod")

    ours = one(text, "ClusterImagePolicy", "wafer-fault")["spec"]
    assert ours["images"] == [{"glob": f"{registry(root, 'prod')}/**"}]
    jenkins, promotion = ours["authorities"]
    assert jenkins["key"] == {"data": PUBLIC_KEY}
    assert promotion["keyless"]["identities"][0]["subjectRegExp"] == "^https://github.com/owner/name/"
    for each in ours["authorities"]:
        assert each["signatureFormat"] == "bundle"  # as .ci/sign writes them
        assert [found["predicateType"] for found in each["attestations"]] == ["https://slsa.dev/provenance/v1"]
    others = one(text, "ClusterImagePolicy", "others")["spec"]
    assert (others["images"], others["authorities"][0]["static"]) == ([{"glob": "**"}], {"action": "pass"})
    labels = one(text, "Namespace", "wafer-fault")["metadata"]["labels"]
    assert labels["policy.sigstore.dev/include"] == "true"
