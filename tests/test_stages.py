"""Whatever cannot be derived from the stages' descriptors names every stage, and nothing that is no stage."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.images import APPLICATION, ENGINE, STAGES
from tools.gitops.platform import ENVIRONMENTS, overlay

ROOT = Path(__file__).resolve().parent.parent
NO_STAGES = {APPLICATION, ENGINE, "locks", "pipelines", "tools", "wafer"}
NO_IMAGES = {"checkov", "dev", "go", "registry-in-a-file", "schemas", "stage"}


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def groups() -> set[str]:
    return set(project()["dependency-groups"]) - NO_IMAGES


def root_packages() -> set[str]:
    return set(project()["tool"]["importlinter"]["root_packages"])


def layers() -> set[str]:
    contracts = project()["tool"]["importlinter"]["contracts"]
    found = next(each["layers"] for each in contracts if each["type"] == "layers")
    return {name for layer in found for name in layer.split(" | ")}


def ignore_file() -> set[str]:
    lines = (ROOT / ".containerignore").read_text().splitlines()
    return {line[1:] for line in lines if line.startswith("!")}


def terraform_roles() -> set[str]:
    text = (ROOT / "terraform" / "modules" / "iam" / "workloads.tf").read_text()
    return set(re.findall(r"^    (\w+) +=", text.split("stages = {")[1].split("\n  }")[0], re.MULTILINE))


def gitops_roles(environment: str) -> set[str]:
    documents = yaml.safe_load_all((overlay(ROOT, environment) / "platform.yaml").read_text())
    roles = next(each["data"] for each in documents if each["metadata"]["name"] == "wafer-roles")
    return {name for name, role in roles.items() if ":role/wafer-fault-" in role and re.fullmatch(r"[a-z_]+", name)}


PLACES: dict[str, Callable[[], set[str]]] = {
    "dependency groups": groups,
    "packages of the import rules": root_packages,
    "layers of the import rules": layers,
    ".containerignore": ignore_file,
    "roles in Terraform": terraform_roles,
    **{f"roles in the overlay {each}": lambda each=each: gitops_roles(each) for each in ENVIRONMENTS},  # type: ignore[misc]
}


@pytest.mark.parametrize("place", PLACES)
def test_a_place_that_names_the_stages_names_them_all(place: str) -> None:
    assert PLACES[place]() - NO_STAGES == set(STAGES)
