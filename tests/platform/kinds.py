"""The kinds of others that our manifests use."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.servers.binaries import ARGO, module_folder

FOLDER = Path(__file__).parent / "crds"


def kinds_of_others() -> list[dict[str, Any]]:
    """cert-manager's, KServe's, Kubeflow's and the Prometheus operator's, as they publish them."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]


def argo_kinds() -> Iterator[dict[str, Any]]:
    """Argo CD's, from the module that its programs are built from."""
    folder = module_folder(ARGO, "github.com/argoproj/argo-cd/v3") / "manifests" / "crds"
    for name in ("application-crd.yaml", "appproject-crd.yaml"):
        yield yaml.load((folder / name).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
