"""The kinds of others that our manifests use."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "crds"


def kinds_of_others() -> list[dict[str, Any]]:
    """cert-manager's, KServe's, Kubeflow's and the Prometheus operator's, as they publish them."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]
