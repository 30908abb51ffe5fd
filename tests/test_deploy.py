"""Every block of docs/deploy.md that can run without an account runs, in order, as it stands there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import skip_or_fail
from pipelines.images import ALL, STAGES
from tests.servers.binaries import CannotBuild, program
from tools.tests.repository import ROOT, copy_of_this_one

pytestmark = pytest.mark.slow  # the commands of the page, one after the other

PAGE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
RUN, SHOWN = (re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL) for kind in ("bash", "console"))
PLATFORM = {
    "registry": "made.dkr.ecr.eu-central-1.amazonaws.com",
    "store_uri": "s3://made-store",
    "mlflow_tracking_uri": "https://mlflow.made.internal:5000",
    "ledger_table": "made-runs",
    "mongodb": {"cidrs": ["10.20.0.0/16"], "from_port": 1024, "to_port": 65535},
    "role_arns": {
        name: f"arn:aws:iam::made:role/{name}"
        for name in (*ALL, "ml-pipeline", "ml-pipeline-ui", "pipeline-runner", "kubeflow-backup")
    },
}


def programs(folder: Path) -> str:
    """A PATH with kustomize, kubeconform and this environment's python and wafer."""
    folder.mkdir()
    try:
        for name in ("kustomize", "kubeconform"):
            (folder / name).symlink_to(program(name))
    except CannotBuild as exc:
        skip_or_fail(str(exc))
    return os.pathsep.join([str(folder), str(Path(sys.executable).parent), os.environ["PATH"]])


def test_every_block_that_needs_no_account_runs(tmp_path: Path) -> None:
    environment = os.environ | {"PATH": programs(tmp_path / "bin")}
    repository = copy_of_this_one(tmp_path / "repository")
    (repository.root / "platform.json").write_text(json.dumps(PLATFORM))
    assert len(RUN) == 3

    for block in RUN:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=repository.root,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, block + done.stdout + done.stderr

    manifests = (repository.root / "build" / "dev.yaml").read_text()
    assert f"{PLATFORM['registry']}/wafer-fault-dev/clustering" in manifests
    assert "ACCOUNT" not in manifests


def test_every_other_block_is_marked_and_is_a_script_without_an_error() -> None:
    assert len(SHOWN) == 12
    for block in SHOWN:
        text_before = PAGE[: PAGE.index(block)]
        assert "not run here" in text_before[text_before.rindex("\n## ") :]
        assert subprocess.run(["bash", "-n"], input=block, text=True, check=False).returncode == 0


@pytest.mark.parametrize(
    "named",
    sorted(set(re.findall(r"(?<![\w/])(?:\.ci|docs|gitops|terraform|tests|tools)/[\w./-]*\w", PAGE))),
)
def test_every_path_it_names_is_there(named: str) -> None:
    made_by_the_reader = {"terraform/envs/dev/backend.hcl"}

    assert (ROOT / named).exists() or named in made_by_the_reader


def test_the_outputs_it_reads_are_outputs_of_terraform() -> None:
    outputs = (ROOT / "terraform/modules/platform/outputs.tf").read_text()

    for name in {*PLATFORM, *re.findall(r"jq -r \.(\w+) platform", PAGE)}:
        assert f'output "{name}"' in outputs
    assert len(STAGES) == 8
