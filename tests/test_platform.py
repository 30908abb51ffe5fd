"""Linters of what is no Python: Containerfile, scripts, workflows. And what the workflows promise besides."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from conftest import skip_or_fail
from tests.servers.fixtures import program_or_skip
from wafer.store import layout

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
JENKINS = ROOT / "terraform/modules/jenkins/variables.tf"
SCRIPTS = sorted(path for path in (ROOT / ".ci").iterdir() if path.is_file() and path.suffix == "")


def lint(*command: str) -> None:
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_containerfile_is_as_hadolint_wants_it() -> None:
    lint(str(BIN / "hadolint"), "Containerfile")


def test_the_scripts_are_as_shellcheck_wants_them() -> None:
    if not (BIN / "shellcheck").exists():
        skip_or_fail("shellcheck has no package for this machine")
    lint(str(BIN / "shellcheck"), "--severity=warning", *map(str, SCRIPTS))


@pytest.mark.parametrize("script", ["setup", "demo"])
def test_what_macos_runs_is_written_for_its_bash(script: str) -> None:
    newer = (
        r"\b(mapfile|readarray|coproc|sha256sum|nproc|readlink -f|declare -A|local -n)\b|\$\{\w+(,,|\^\^|@[A-Z])|&>>"
    )

    assert not re.findall(newer, _without_comments((ROOT / ".ci" / script).read_text()))


def _without_comments(text: str) -> str:
    return re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)


def test_the_demo_runs_on_macos() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]

    demo = next(job for job in jobs.values() if str(job["runs-on"]).startswith("macos"))

    assert any(step.get("run") == "make demo" for step in demo["steps"])


def test_the_workflows_are_as_actionlint_wants_them() -> None:
    lint(program_or_skip("actionlint"), *map(str, WORKFLOWS))


def test_the_workflows_are_as_zizmor_wants_them() -> None:
    lint(str(BIN / "zizmor"), "--offline", "--quiet", "--persona=pedantic", *map(str, WORKFLOWS))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_has_no_right_but_those_its_jobs_name_and_no_action_by_a_tag(path: Path) -> None:
    text = path.read_text()
    workflow = yaml.safe_load(text)

    assert workflow["permissions"] == {}
    assert all("permissions" in job and "timeout-minutes" in job for job in workflow["jobs"].values())
    used = re.findall(r"uses: (\S+)( # v\d+\.\d+\.\d+)?", text)
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", action) and version for action, version in used), used
    assert "secrets." not in text


def test_continuous_integration_runs_the_command_that_everybody_runs() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())

    assert any(".ci/run" in step.get("run", "") for step in workflow["jobs"]["run"]["steps"])


def test_every_program_of_the_gate_is_on_the_machine_of_jenkins_and_in_continuous_integration() -> None:
    gate = (ROOT / ".ci" / "run").read_text()
    needed = set(re.findall(r"for tool in ([\w ]+);", gate)[0].split()) | {"podman", "runc", "mmdebstrap", "skopeo"}
    packages = re.findall(r"missing\+=\(([\w .-]+)\)", gate)
    needed |= {name for group in packages for name in group.split()}
    script = (ROOT / "terraform/modules/jenkins/install.sh.tftpl").read_text().replace("\\\n", " ")
    installed = {name for line in re.findall(r"apt-get install ([^\n]+)", script) for name in line.split()}

    assert needed - installed == set()
    version = re.search(r'variable "terraform_version".*?default += "([\d.]+)"', JENKINS.read_text(), re.DOTALL)
    assert version
    assert f'terraform_version: "{version[1]}"' in (ROOT / ".github/workflows/ci.yml").read_text()


def test_packages_go_where_the_application_looks_for_them() -> None:
    assert f'"$STORE_URI/{layout.PACKAGES}"' in (ROOT / ".github/workflows/sync.yml").read_text()
