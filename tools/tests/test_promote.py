"""What one environment runs is deployed to another: the same digests, nothing built, on whatever main is by then."""

import os
import subprocess
from pathlib import Path

import pytest

from pipelines.images import ALL
from tools.gitops.platform import registry
from tools.images.lock import Pushed, read_lock, write_lock
from tools.tests.repository import ROOT, Repository, copy_of_this_one

pytestmark = pytest.mark.slow  # compiles the pipelines
COPY = """#!/bin/sh
for last; do from=$to; to=$last; done
echo "$from $to" >> "$COPIED"
[ -z "$FAILING" ]
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    first = copy_of_this_one(tmp_path / "first")
    pushed = {image: Pushed("content", f"1-{image}", f"sha256:{len(image):064d}", "commit") for image in ALL}
    write_lock(first.root / "gitops/images.lock", registry(first.root, "dev"), pushed)
    first.commit("dev was deployed")
    first.git("clone", "--quiet", "--bare", str(first.root), str(tmp_path / "origin.git"))
    clone = Repository(tmp_path / "origin.git").clone(tmp_path / "clone")
    (clone.root / ".venv").symlink_to(ROOT / ".venv")
    (clone.root / ".git/info/exclude").write_text(".venv\n")
    return clone


def promote(repository: Repository, **settings: str) -> subprocess.CompletedProcess[str]:
    program = repository.root.parent / "bin" / "skopeo"
    program.parent.mkdir()
    program.write_text(COPY)
    program.chmod(0o755)
    environment = os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}", "FAILING": ""}
    environment |= {"COPIED": str(repository.root.parent / "copied"), **settings}
    command = [".ci/promote", "dev", "prod"]
    return subprocess.run(command, cwd=repository.root, env=environment, capture_output=True, text=True, check=False)


def test_production_gets_the_digests_of_dev_although_main_has_moved(repository: Repository) -> None:
    other = Repository(repository.root.parent / "origin.git").clone(repository.root.parent / "other")
    other.append("README.md")
    other.commit("somebody else's")
    other.git("push", "--quiet", "origin", "main")

    done = promote(repository)

    assert done.returncode == 0, done.stderr
    dev, prod = (registry(repository.root, each) for each in ("dev", "prod"))
    copied = (repository.root.parent / "copied").read_text().split("\n")[:-1]
    assert f"docker://{dev}/clustering@sha256:{10:064d} docker://{prod}/clustering:1-clustering" in copied
    assert len(copied) == len(ALL)
    lock = repository.root / "gitops/images.lock"
    assert read_lock(lock, prod) == read_lock(lock, dev)
    subjects = repository.git("log", "--format=%s", "-2", "origin/main").splitlines()
    assert subjects == ["Deploy to prod", "somebody else's"]


def test_a_copy_that_fails_deploys_nothing(repository: Repository) -> None:
    before = repository.git("rev-parse", "origin/main")

    done = promote(repository, FAILING="1")

    assert done.returncode != 0
    assert Repository(repository.root.parent / "origin.git").git("rev-parse", "main") == before
