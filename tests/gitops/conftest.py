"""kustomize and kubeconform over gitops/, built from the module beside this file."""

import json
import subprocess
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import skip_or_fail
from tests.gitops.schemas import KUBERNETES, OURS, ROOT, package, write_schemas
from tests.gitops.states import copy_of_gitops, deploy
from tests.servers.fixtures import program_or_skip

Build = Callable[[str], str]
Conform = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="session", params=["committed", "deployed"])
def root(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository's gitops/ in each state that the gate must let through."""
    if request.param == "committed":
        return ROOT
    return deploy(copy_of_gitops(tmp_path_factory.mktemp("deployed")))


@pytest.fixture(scope="session")
def build(root: Path) -> Build:
    """Text of a folder of gitops/ as `kubectl kustomize` prints it."""
    return partial(kustomized, root)


@cache
def kustomized(root: Path, folder: str) -> str:
    """Text of a folder of a repository's gitops/ as `kubectl kustomize` prints it."""
    command = [program_or_skip("kustomize"), "build", str(root / "gitops" / folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def conform(tmp_path_factory: pytest.TempPathFactory) -> Conform:
    """What `kubeconform -strict` says of manifests."""
    source = package()
    if source is None:
        skip_or_fail("the schemas of Kubernetes are not installed (.ci/run does; WAFER_SCHEMAS names their package)")
        raise AssertionError
    schemas = tmp_path_factory.mktemp("schemas")
    write_schemas(source, schemas)
    kind = "{{ .ResourceKind }}{{ .KindSuffix }}.json"
    places = [part for place in (schemas, OURS) for part in ("-schema-location", f"{place}/{kind}")]
    command = [
        program_or_skip("kubeconform"),
        "-strict",
        "-summary",
        "-output=json",
        f"-kubernetes-version={KUBERNETES}",
        *places,
    ]

    def run(manifests: str) -> dict[str, Any]:
        done = subprocess.run(command, input=manifests, capture_output=True, text=True)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return run


def resources(text: str) -> list[dict[str, Any]]:
    """The resources of a manifest."""
    return [each for each in yaml.load_all(text, Loader=yaml.CSafeLoader) if each]


def one(text: str, kind: str, name: str, namespace: str | None = None) -> dict[str, Any]:
    """The resource of that kind and name."""
    found = [
        each
        for each in resources(text)
        if each["kind"] == kind
        and each["metadata"]["name"] == name
        and namespace in {None, each["metadata"].get("namespace")}
    ]
    assert len(found) == 1, f"{len(found)} of {kind} {name}"
    return found[0]


def gitops_files(root: Path) -> dict[str, str]:
    """Path below gitops/ -> text of every file that a person or a program wrote there."""
    folder = root / "gitops"
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
