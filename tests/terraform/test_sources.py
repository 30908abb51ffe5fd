"""What the Terraform sources promise before anything is planned."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import skip_or_fail
from tests.terraform.runner import MOTO, ROOT, SOURCES, Terraform

MODULES = sorted({path.parent for path in SOURCES.glob("modules/*/*.tf")})
ENVIRONMENTS = sorted({path.parent for path in SOURCES.glob("envs/*/*.tf")})
FOLDERS = [str(path.relative_to(SOURCES)) for path in [*MODULES, *ENVIRONMENTS]]
FILES = [path for path in SOURCES.rglob("*") if path.suffix in {".tf", ".tftpl", ".example"}]
BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)


def text() -> dict[str, str]:
    return {str(path.relative_to(SOURCES)): path.read_text() for path in FILES if "override" not in path.name}


def lines_with(pattern: str) -> list[str]:
    return [
        f"{name}: {line}" for name, body in text().items() for line in body.splitlines() if re.search(pattern, line)
    ]


def variables_without_a_default(folder: Path) -> list[str]:
    blocks = BLOCK.findall((folder / "variables.tf").read_text())
    return [name for kind, name, body in blocks if kind == "variable" and "  default " not in body]


def checkov() -> str:
    given = os.environ.get("WAFER_CHECKOV", str(ROOT / ".venv/checkov/bin/checkov"))
    found = shutil.which(given) or shutil.which("checkov")
    if found is None:
        skip_or_fail("checkov is not installed (WAFER_CHECKOV names its program)")
    return str(found)


@pytest.mark.parametrize("folder", [SOURCES, MOTO], ids=["sources", "moto"])
def test_the_sources_are_formatted(plain_copy: Terraform, folder: Path) -> None:
    done = plain_copy.run("fmt", "-check", "-diff", "-recursive", "-no-color", str(folder), allow=(0, 3))

    assert not done.stdout


@pytest.mark.slow
def test_every_environment_is_valid_with_every_module(plain_copy: Terraform) -> None:
    """One root calls both: a validation with the provider's own schemas takes seconds, and covers all that it calls."""
    needed = {name for path in ENVIRONMENTS for name in variables_without_a_default(path)}
    given = "".join(f"  {name} = var.{name}\n" for name in needed)
    calls = [f'module "{path.name}" {{\n  source = "../{path.name}"\n{given}}}\n' for path in ENVIRONMENTS]
    root = plain_copy.at("envs/both")
    root.folder.mkdir()
    (root.folder / "main.tf").write_text("".join([*(f'variable "{name}" {{}}\n' for name in needed), *calls]))
    root.init("-backend=false")

    done = root.run("validate", "-no-color")

    assert "The configuration is valid" in done.stdout
    called = json.loads((root.folder / ".terraform/modules/modules.json").read_text())["Modules"]
    reached = {(root.folder / each["Dir"]).resolve() for each in called}
    assert reached == {root.folder.resolve(), *((plain_copy.folder / name).resolve() for name in FOLDERS)}


@pytest.mark.slow
def test_checkov_finds_nothing_that_is_not_explained() -> None:
    program = checkov()

    done = subprocess.run(
        [program, "--config-file", ".checkov.yaml"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert "Failed checks: 0" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


def test_every_skipped_check_says_why() -> None:
    skips = lines_with(r"checkov:skip")

    assert [line for line in skips if not re.search(r"#checkov:skip=CKV2?_AWS_\d+:.{30,}", line)] == []


def test_no_account_is_named() -> None:
    assert lines_with(r"\b\d{12}\b") == []


def test_no_key_and_no_password_is_written_down() -> None:
    assert lines_with(r"AKIA|ASIA|(?i:secret_key|access_key|password)\s*=|BEGIN [A-Z ]*PRIVATE KEY") == []


def test_only_routes_and_https_name_the_whole_internet() -> None:
    for name, body in text().items():
        for block in re.split(r"^(?=resource |data |module )", body, flags=re.MULTILINE):
            if "0.0.0.0/0" in block and not block.startswith('resource "aws_route_table"'):
                assert re.search(r"from_port\s*= 443\n\s*to_port\s*= 443\n", block), f"{name}:\n{block}"
                assert block.startswith('resource "aws_vpc_security_group_egress_rule"'), f"{name}:\n{block}"
    assert lines_with(r'"::/0"') == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_variable_and_output_is_described(folder: str) -> None:
    blocks = [found for path in (SOURCES / folder).glob("*.tf") for found in BLOCK.findall(path.read_text())]

    assert {kind for kind, _, _ in blocks} == {"variable", "output"}
    assert [name for _, name, body in blocks if not re.search(r'^  description = ".{4,}\."$', body, re.MULTILINE)] == []
    assert [name for kind, name, body in blocks if kind == "variable" and "  type " not in body] == []


def test_what_an_operator_may_set_wrongly_is_refused_with_a_sentence() -> None:
    refusals = {name: body.count("validation {") for name, body in text().items() if name.endswith("variables.tf")}
    unchecked = {name for name, count in refusals.items() if name.startswith("modules/") and not count}

    assert unchecked == set()


def test_the_environments_differ_in_values_only() -> None:
    dev, prod = ((path / "versions.tf").read_text() for path in ENVIRONMENTS)

    assert dev.replace("dev", "prod") == prod


def test_the_provider_is_pinned_since_its_lock_is_not_committed() -> None:
    assert all('version = "5.100.0"' in text()[f"envs/{path.name}/versions.tf"] for path in ENVIRONMENTS)
    assert ".terraform.lock.hcl" in (SOURCES / ".gitignore").read_text()
    assert re.search(
        r"^hashicorp/aws 5\.100\.0 linux_amd64 h1:\S{44}$", (SOURCES / "providers.sum").read_text(), re.MULTILINE
    )
