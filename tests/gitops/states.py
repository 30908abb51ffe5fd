"""The states that gitops/ has to be valid in: as it is committed, and as it is after an installation's first deploy."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.images import ALL
from tests.gitops.schemas import ROOT
from tools.gitops.__main__ import main as gitops
from tools.gitops.platform import ENVIRONMENTS, registry
from tools.images.lock import Pushed, write_lock

ACCOUNT = "123456789012"
PUBLIC_KEY = "-----BEGIN PUBLIC KEY-----\nof a test\n-----END PUBLIC KEY-----\n"
DIGEST = "sha256:" + "cd" * 32
ROLES_MADE = (*ALL, "ml-pipeline", "ml-pipeline-ui", "pipeline-runner", "kubeflow-backup")


def made(environment: str) -> Mapping[str, Any]:
    """What is read of `terraform output -json platform` of an installed environment."""
    name = f"wafer-fault-{environment}"
    return {
        "registry": f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com",
        "store_uri": f"s3://{name}-store-{ACCOUNT}",
        "mlflow_tracking_uri": f"https://mlflow.{name}.internal:5000",
        "ledger_table": f"{name}-runs",
        "mongodb": {"cidrs": ["198.51.100.0/26", "198.51.100.64/26"], "from_port": 27017, "to_port": 27017},
        "image_signers": {"public_key": PUBLIC_KEY, "workflow": "^https://github.com/owner/name/"},
        "role_arns": {each: f"arn:aws:iam::{ACCOUNT}:role/{name}-{each}" for each in sorted(ROLES_MADE)},
    }


def copy_of_gitops(root: Path) -> Path:
    """A folder with gitops/ below it, as it is here."""
    shutil.copytree(ROOT / "gitops", root / "gitops")
    return root


def before_any_push(root: Path, environment: str) -> None:
    """The lock without the images of one environment."""
    lock = root / "gitops" / "images.lock"
    kept = json.loads(lock.read_text())
    kept.pop(registry(root, environment), None)
    lock.write_text(json.dumps(kept))


def push_everything(root: Path, environment: str, digest: str = DIGEST) -> None:
    """Every image of an environment in the lock, as after a build of all."""
    pushed = {image: Pushed("content", "1-tag", digest, "commit") for image in ALL}
    write_lock(root / "gitops" / "images.lock", registry(root, environment), pushed)


def deploy(root: Path) -> Path:
    """The commits that docs/deploy.md asks for and the first deploy commit, of every environment."""
    for environment in ENVIRONMENTS:
        outputs = root / f"{environment}.json"
        outputs.write_text(json.dumps(made(environment)))
        host = f"wafer.{environment}.example"
        assert gitops(["--root", str(root), "platform", environment, str(outputs), "--host", host]) == 0
        push_everything(root, environment)
        assert gitops(["--root", str(root), "render", environment]) == 0
    return root


def with_component(root: Path, environment: str, component: str, *, after: str = "") -> Path:
    """The same, after an environment took a folder of gitops/components in: as the first, or after another one."""
    path = root / "gitops" / "overlays" / environment / "kustomization.yaml"
    place = f"  - ../../components/{after}\n" if after else "components:\n"
    before = path.read_text()
    assert before.count(place) == 1
    path.write_text(before.replace(place, f"{place}  - ../../components/{component}\n"))
    return root
