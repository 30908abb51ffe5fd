"""What one environment runs is deployed to another: the same digests, nothing built, on whatever main is by then.

Git is real, with bare repositories as origins; `skopeo` and GitHub's `gh` write down what they were asked.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from pipelines.images import ALL
from tools.gitops.platform import registry
from tools.images.content import contents
from tools.images.lock import Pushed, read_lock, write_lock
from tools.images.tree import working_tree
from tools.tests.repository import ROOT, Repository, copy_of_this_one

pytestmark = pytest.mark.slow  # compiles the pipelines
COPY = """#!/bin/sh
for last; do from=$to; to=$last; done
echo "$from $to" >> "$ASKED"
[ -z "$FAILING" ]
"""
GH = """#!/bin/sh
echo "gh $*" >> "$ASKED"
[ "$2" = create ] || grep -q "gh pr create.*--head $3 " "$ASKED"
"""
PROTECTED = """#!/bin/sh
[ "$1" != refs/heads/main ] || { echo 'main is protected' >&2; exit 1; }
"""
LOCK = "gitops/images.lock"


@dataclass(frozen=True)
class World:
    """The origin of this repository, a checkout of the tag that dev runs, and what was asked of skopeo and gh."""

    folder: Path
    origin: Repository
    clone: Repository

    def run(self, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "FAILING": ""}
        environment |= {"ASKED": str(self.folder / "asked"), **settings}
        return subprocess.run(
            command, cwd=self.clone.root, env=environment, capture_output=True, text=True, check=False
        )

    def asked(self) -> list[str]:
        return (self.folder / "asked").read_text().splitlines()


@pytest.fixture
def world(tmp_path: Path) -> World:
    first = copy_of_this_one(tmp_path / "first")
    push_to_dev(first.root, first.root)
    first.commit("dev was deployed")
    first.git("tag", "v1.2.3")
    origin = bare(first, tmp_path / "origin.git")
    (tmp_path / "bin").mkdir()
    for name, text in (("skopeo", COPY), ("gh", GH)):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    clone = origin.clone(tmp_path / "clone")
    (clone.root / ".venv").symlink_to(ROOT / ".venv")
    (clone.root / ".git/info/exclude").write_text(".venv\n")
    clone.git("checkout", "--quiet", "v1.2.3")
    return World(tmp_path, origin, clone)


def bare(of: Repository, into: Path) -> Repository:
    of.git("clone", "--quiet", "--bare", str(of.root), str(into))
    return Repository(into)


def push_to_dev(code: Path, gitops: Path) -> None:
    """The lock as after a build of all for dev."""
    made = contents(working_tree(code))
    pushed = {image: Pushed(made[image].digest, f"1-{image}", f"sha256:{len(image):064d}", "commit") for image in ALL}
    write_lock(gitops / LOCK, registry(gitops, "dev"), pushed)


def main_moves(world: World) -> None:
    """Somebody changes the pipelines on main, after the tag."""
    other = world.origin.clone(world.folder / "other")
    compiled = other.root / "pipelines/training.py"
    compiled.write_text(compiled.read_text().replace('"""', '"""Later than the tag. ', 1))
    other.commit("somebody else's")
    other.git("push", "--quiet", "origin", "main")


def images_of(path: Path) -> set[str]:
    executors = next(yaml.safe_load_all(path.read_text()))["deploymentSpec"]["executors"].values()
    return {each["container"]["image"] for each in executors}


def test_production_gets_the_digests_and_the_code_of_the_tag_although_main_has_moved(world: World) -> None:
    main_moves(world)
    dev, prod = (registry(world.clone.root, each) for each in ("dev", "prod"))

    done = world.run(".ci/promote", "dev", "prod")

    assert done.returncode == 0, done.stderr
    assert f"docker://{dev}/clustering@sha256:{10:064d} docker://{prod}/clustering:1-clustering" in world.asked()
    assert len(world.asked()) == len(ALL)
    subjects = world.origin.git("log", "--format=%s", "-2", "main").splitlines()
    assert subjects == ["Deploy v1.2.3 to prod", "somebody else's"]

    world.clone.git("checkout", "--quiet", "--detach", "origin/main")  # as the workflow `sync` does, on main
    lock = world.clone.root / LOCK
    assert read_lock(lock, prod) == read_lock(lock, dev)
    synced = world.run(".ci/sync", "prod")

    assert synced.returncode == 0, synced.stderr
    assert f"packages of prod by {world.origin.git('rev-parse', 'v1.2.3^{commit}')}" in synced.stderr
    packages = world.clone.root / "build/packages"
    assert all(image.startswith(f"{prod}/") and "@sha256:" in image for image in images_of(packages / "predict.yaml"))
    assert world.run(".venv/bin/python", "-m", "tools.gitops", "check").returncode == 1  # dev, by the code of main
    assert "overlays/prod" not in world.run(".venv/bin/python", "-m", "tools.gitops", "check").stdout


def test_nothing_is_deployed_if_a_copy_fails_or_dev_runs_something_else(world: World) -> None:
    before = world.origin.git("rev-parse", "main")

    copy_fails = world.run(".ci/promote", "dev", "prod", FAILING="1")
    world.clone.git("checkout", "--quiet", "--force", "v1.2.3")
    world.clone.append("clustering/stage.py")
    other_content = world.run(".ci/promote", "dev", "prod")
    world.clone.git("-c", "advice.detachedHead=false", "checkout", "--quiet", "--force", "v1.2.3~1")
    no_tag = world.run(".ci/promote", "dev", "prod")

    assert copy_fails.returncode != 0
    assert other_content.returncode != 0
    assert "other content than this checkout: clustering" in other_content.stderr
    assert no_tag.returncode != 0
    assert "no tag" in no_tag.stderr
    assert world.origin.git("rev-parse", "main") == before


def test_a_protected_main_gets_one_pull_request_and_two_repositories_work_by_one_setting(world: World) -> None:
    manifests = Repository(world.folder / "manifests.git")
    world.clone.git("init", "--quiet", "--bare", "--initial-branch=main", str(manifests.root))
    setting = {"GITOPS_REPOSITORY": str(manifests.root)}
    code_before = world.origin.git("rev-parse", "main")

    first = world.run(".ci/deploy", "dev", **setting)  # an empty repository gets everything

    assert first.returncode == 0, first.stderr
    files = manifests.git("ls-tree", "-r", "--name-only", "main").splitlines()
    assert all(path.startswith("gitops/") for path in files)
    assert {"gitops/base/kustomization.yaml", "gitops/overlays/prod/kustomization.yaml"} <= set(files)

    owned = manifests.clone(world.folder / "owned")
    owned.append("gitops/overlays/prod/kustomization.yaml", "# ours\n")
    owned.commit("our overlay")
    owned.git("push", "--quiet", "origin", "main")
    hook = manifests.root / "hooks" / "update"
    hook.write_text(PROTECTED)
    hook.chmod(0o755)
    main = manifests.git("rev-parse", "main")
    promoted = [world.run(".ci/promote", "dev", "prod", **setting) for _ in range(2)]

    assert [each.returncode for each in promoted] == [0, 0], promoted[0].stderr
    assert manifests.git("rev-parse", "main") == main
    (branch,) = manifests.git("for-each-ref", "--format=%(refname:short)", "refs/heads/deploy").splitlines()
    (created,) = [line for line in world.asked() if line.startswith("gh pr create")]
    assert f"--base main --head {branch} --title Deploy v1.2.3 to prod" in created
    assert manifests.git("rev-parse", f"{branch}~1") == main
    changed = manifests.git("diff", "--name-only", main, branch).splitlines()
    assert {LOCK, "gitops/overlays/prod/revision", "gitops/overlays/prod/images.yaml"} <= set(changed)
    assert all(path == LOCK or path.startswith("gitops/overlays/prod/") for path in changed)
    assert "# ours" in manifests.git("show", f"{branch}:gitops/overlays/prod/kustomization.yaml")
    assert world.origin.git("rev-parse", "main") == code_before  # the code's repository gets no deploy commit
