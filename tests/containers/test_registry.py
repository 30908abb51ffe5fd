"""`.ci/images` pushes to a real registry whose tags cannot move, as ECR's: images of one file, built by podman."""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import skip_or_fail
from tests.servers.binaries import CannotBuild, program
from tests.servers.server import Server, start_on_free_port
from tools.tests.repository import Repository, copy_of_this_one

pytestmark = [pytest.mark.containers, pytest.mark.slow]

RECIPE = """FROM scratch AS stage
COPY clustering/stage.py /
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if shutil.which("podman") is None or shutil.which("skopeo") is None:
        skip_or_fail("podman and skopeo are not on this machine")
    try:
        command = str(program("registry"))
    except CannotBuild as exc:
        skip_or_fail(str(exc))
    log = tmp_path_factory.mktemp("registry") / "log"

    def describe(port: int) -> Server:
        return Server([command, f"127.0.0.1:{port}"], f"127.0.0.1:{port}", port, log, _listens)

    with start_on_free_port(describe) as server:
        yield server


def _listens(address: str) -> bool:
    host, _, port = address.partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = copy_of_this_one(tmp_path / "repository")
    (made.root / "Containerfile").write_text(RECIPE)
    made.commit("images of one file")
    (made.root / ".venv").symlink_to(Path(__file__).resolve().parents[2] / ".venv")
    return made


def push(repository: Repository, registry: Server, tag: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"BASE_IMAGE": "scratch", "UV_IMAGE": "scratch", "TAG": tag, "IMAGES": "pushed.json"}
    environment |= {"IMAGE_REGISTRY": f"{registry.url}/wafer-fault-dev", "PUSH_ARGS": "--tls-verify=false", **settings}
    command = ["bash", ".ci/images", "clustering"]
    return subprocess.run(command, cwd=repository.root, env=environment, capture_output=True, text=True, check=False)


def digest(repository: Repository) -> str:
    found: dict[str, str] = json.loads((repository.root / "pushed.json").read_text())
    return found["clustering"].partition("@")[2]


def tag(repository: Repository, *arguments: str) -> str:
    found: str = repository.plan("--all", *arguments)["clustering"]["tag"]
    return found


def test_a_tag_is_pushed_once_and_other_content_is_another_tag(repository: Repository, registry: Server) -> None:
    first = tag(repository)

    assert push(repository, registry, first, IMMUTABLE="1").returncode == 0
    pushed = digest(repository)
    again = push(repository, registry, first, IMMUTABLE="1")

    assert again.returncode == 0, again.stderr
    assert "is there already" in again.stderr
    assert digest(repository) == pushed

    repository.append("clustering/stage.py")
    assert tag(repository) != first
    assert push(repository, registry, tag(repository), IMMUTABLE="1").returncode == 0
    assert digest(repository) != pushed


def test_a_rebuild_is_a_new_tag_and_the_old_one_cannot_be_moved(repository: Repository, registry: Server) -> None:
    repository.append("clustering/stage.py", "\n# of this test\n")
    usual, stamped = tag(repository), tag(repository, "--stamp", "20261127120000")
    assert push(repository, registry, usual, IMMUTABLE="1").returncode == 0
    repository.append("clustering/stage.py", "\n# what a newer base would change\n")

    moved = push(repository, registry, usual)
    rebuilt = push(repository, registry, stamped, IMMUTABLE="1")

    assert moved.returncode != 0
    assert "tag is immutable" in moved.stderr
    assert usual != stamped
    assert rebuilt.returncode == 0, rebuilt.stderr
