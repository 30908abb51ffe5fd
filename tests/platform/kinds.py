"""The kinds of others that our manifests use: as their projects publish them in Go modules, Kubeflow's by our hand."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.servers.binaries import ARGO, module_folder

FOLDER = Path(__file__).parent
PUBLISHED = {  # cert-manager and the operator in the versions that the add-ons install
    "github.com/cert-manager/cert-manager@v1.18.2": ("deploy/crds", ("crd-certificates", "crd-issuers")),
    "github.com/kserve/kserve@v0.15.2": ("config/crd/full", ("serving.kserve.io_inferenceservices",)),
    "github.com/sigstore/policy-controller@v0.13.0": ("config", ("300-clusterimagepolicy",)),
    "github.com/prometheus-operator/prometheus-operator@v0.85.0": (
        "example/prometheus-operator-crd",
        ("monitoring.coreos.com_prometheusrules", "monitoring.coreos.com_servicemonitors"),
    ),
}
TEXT, ANYTHING = {"type": "string"}, {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
PIPELINE = {"description": TEXT, "displayName": TEXT}
VERSION = PIPELINE | {"pipelineName": TEXT, "codeSourceURL": TEXT, "pipelineSpec": ANYTHING, "platformSpec": ANYTHING}


def kinds_of_others() -> Iterator[dict[str, Any]]:
    """cert-manager's, KServe's, the Prometheus operator's, sigstore's and Kubeflow's."""
    for module, (folder, names) in PUBLISHED.items():
        for name in names:
            yield _published(module_folder(FOLDER, module) / folder / f"{name}.yaml")
    yield _of_kubeflow("Pipeline", PIPELINE)
    yield _of_kubeflow("PipelineVersion", VERSION)


def argo_kinds() -> Iterator[dict[str, Any]]:
    """Argo CD's, from the module that its programs are built from."""
    folder = module_folder(ARGO, "github.com/argoproj/argo-cd/v3") / "manifests" / "crds"
    for name in ("application-crd.yaml", "appproject-crd.yaml"):
        yield _published(folder / name)


def _published(path: Path) -> dict[str, Any]:
    """A definition without its labels, which are a chart's to fill in, and without the controller's conversion."""
    found: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    spec = found["spec"] | {"conversion": {"strategy": "None"}}  # no controller answers in these tests
    return found | {"metadata": {"name": found["metadata"]["name"]}, "spec": spec}


def _of_kubeflow(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    """What its documentation says of a kind: its own definition comes in no Go module that can be had by a version."""
    plural = f"{kind.lower()}s"
    properties = {"spec": {"type": "object", "properties": spec}, "status": ANYTHING}
    version = {
        "name": "v2beta1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.pipelines.kubeflow.org"},
        "spec": {
            "group": "pipelines.kubeflow.org",
            "names": {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()},
            "scope": "Namespaced",
            "versions": [version],
        },
    }


if __name__ == "__main__":  # the tests have no network: what they read of others is fetched before
    for found in (*kinds_of_others(), *argo_kinds()):
        print(found["metadata"]["name"])  # noqa: T201 - the output of this command
