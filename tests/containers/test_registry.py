"""`.ci/images` pushes to a real registry whose tags cannot move, as ECR's: images of one file, built by podman."""

import base64
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import skip_or_fail
from tests.servers.fixtures import program_or_skip
from tests.servers.server import Server, start_on_free_port
from tools.tests.repository import Repository, copy_of_this_one

pytestmark = [pytest.mark.containers, pytest.mark.slow]

RECIPE = """FROM scratch AS stage
COPY clustering/stage.py /
COPY clustering/status /var/lib/dpkg/status
"""
STATUS = "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36\n"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if shutil.which("podman") is None or shutil.which("skopeo") is None:
        skip_or_fail("podman and skopeo are not on this machine")
    command = program_or_skip("registry")
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
    (made.root / "clustering/status").write_text(STATUS)
    made.commit("images of one file")
    (made.root / ".venv").symlink_to(Path(__file__).resolve().parents[2] / ".venv")
    return made


def push(repository: Repository, registry: Server, tag: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"BASE_IMAGE": "scratch", "UV_IMAGE": "scratch", "TAG": tag, "IMAGES": "pushed.json"}
    environment |= {"IMAGE_REGISTRY": f"{registry.url}/wafer-fault-dev", "PUSH_ARGS": "--tls-verify=false", **settings}
    command = ["bash", ".ci/images", "clustering"]
    return subprocess.run(command, cwd=repository.root, env=environment, capture_output=True, text=True, check=False)


def signing(repository: Repository, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command with cosign on its PATH, a key of this test and no password."""
    folder = repository.root.parent
    environment = os.environ | {"COSIGN_PASSWORD": "", "COSIGN_KEY": f"{folder}/cosign.key", "TAG": "1"}
    environment |= {"COSIGN_PUBLIC_KEY": f"{folder}/cosign.pub", "PATH": f"{folder}/bin:{os.environ['PATH']}"}
    return subprocess.run(arguments, cwd=repository.root, env=environment, capture_output=True, text=True, check=False)


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


def test_only_what_was_signed_is_verified_and_promoted(repository: Repository, registry: Server) -> None:
    cosign = program_or_skip("cosign")
    (repository.root.parent / "bin").mkdir()
    (repository.root.parent / "bin/cosign").symlink_to(cosign)
    assert (
        signing(
            repository, "cosign", "generate-key-pair", f"--output-key-prefix={repository.root.parent}/cosign"
        ).returncode
        == 0
    )
    assert push(repository, registry, "1", IMAGES="build/images/clustering.json").returncode == 0
    first = reference(repository)

    signed = [signing(repository, ".ci/sign", "pushed", "build/images/clustering.json") for _ in range(2)]

    assert [each.returncode for each in signed] == [0, 0], signed[0].stderr
    assert "signed already" in signed[1].stderr
    assert attested(repository, first, "slsaprovenance1")["buildDefinition"]["resolvedDependencies"][0]["digest"] == {
        "gitCommit": repository.git("rev-parse", "HEAD")
    }
    assert "pkg:deb/debian/libc6@2.36" in json.dumps(attested(repository, first, "cyclonedx"))

    target = first.replace("wafer-fault-dev", "wafer-fault-prod")
    copy = ("skopeo", "copy", "--quiet", "--src-tls-verify=false", "--dest-tls-verify=false", "--preserve-digests")
    assert signing(repository, *copy, f"docker://{first}", f"docker://{target}").returncode == 0
    copied = signing(repository, ".ci/sign", "copied", first, target)
    assert copied.returncode == 0, copied.stderr
    assert attested(repository, target, "cyclonedx") == attested(repository, first, "cyclonedx")

    repository.append("clustering/stage.py", "\n# changed by somebody\n")
    assert push(repository, registry, "2", IMAGES="build/images/clustering.json").returncode == 0
    changed = reference(repository)
    assert changed != first
    refused = signing(repository, ".ci/sign", "copied", changed, changed.replace("-dev", "-prod"))
    assert refused.returncode != 0
    assert "no valid bundles exist" in refused.stderr


def reference(repository: Repository) -> str:
    found: dict[str, str] = json.loads((repository.root / "build/images/clustering.json").read_text())
    return found["clustering"]


def attested(repository: Repository, image: str, kind: str) -> dict[str, Any]:
    """What a verified attestation of an image says."""
    key = f"--key={repository.root.parent}/cosign.pub"
    nobody = repository.root.parent / "nobody.json"
    nobody.write_text('{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}')
    options = ("--new-bundle-format", "--insecure-ignore-tlog=true", f"--trusted-root={nobody}", key, "--type", kind)
    done = signing(repository, "cosign", "verify-attestation", *options, image)
    assert done.returncode == 0, done.stderr
    statement = json.loads(base64.b64decode(json.loads(done.stdout.splitlines()[0])["payload"]))
    assert statement["subject"][0]["digest"]["sha256"] == image.rpartition(":")[2]
    found: dict[str, Any] = statement["predicate"]
    return found


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
