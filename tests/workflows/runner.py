"""Runs the steps of a job of `.github/workflows` in order, as a runner does: shell, folder, environment, files.

Real: the checkout (a clone), the scripts of `run:` in their shell, `make setup` and every program of this repository,
Terraform. Replaced: actions of others, by what they leave behind; programs that reach out (`TOOLS`) and the slow
commands of this repository (`RECORDED`), which write down how they were started. The locked packages are lent, so
`make setup` has none to install. Of expressions it knows names, `==` and `!=`.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.terraform.runner import terraform_environment
from tools.tests.repository import ROOT, Repository

WORKFLOWS = ROOT / ".github" / "workflows"
RECORDED = (".ci/run", ".ci/sync", ".ci/promote")
TOOLS = ("aws", "skopeo", "cosign", "gh", "brew")
SHELLS = {"bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"], "": ["bash", "-e"]}
SYSTEM = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
RECORD = """#!/bin/sh
printf '%s\\n' "$(basename "$0") $*" >> "$ASKED"
case "$*" in *--password-stdin*) cat > /dev/null ;; esac
case "$*" in *get-login-password*) echo password ;; esac
"""
SCRIPT = """#!/usr/bin/env bash
{ printf '%s\\n' "script $(basename "$0") $*"; env | sort | sed 's/^/  /'; command -v terraform; } >> "$ASKED"
"""
# As Debian and Ubuntu set it up: nothing of the caller's environment but what is asked for, and a path of its own.
SUDO = """#!/usr/bin/env bash
kept=(PATH=%s HOME=/root "ASKED=$ASKED")
while [[ $1 == --preserve-env=* ]]; do
  IFS=, read -ra names <<< "${1#*=}"
  for name in "${names[@]}"; do [[ $name == PATH || -z ${!name+x} ]] || kept+=("$name=${!name}"); done
  shift
done
exec env -i "${kept[@]}" "$@"
"""


@dataclass
class Job:
    """A job that is being run in a workspace of its own."""

    folder: Path
    origin: Repository
    workflow: Mapping[str, Any]
    name: str
    contexts: Mapping[str, str]  # `github.ref` -> its value
    environment: dict[str, str] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)  # those that ran

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def asked(self) -> list[str]:
        """What the replaced programs were asked, and the environment of the recorded scripts."""
        path = self.folder / "asked"
        return path.read_text().splitlines() if path.exists() else []

    def run(self) -> None:
        """Run every step whose condition holds; fails with the output of the first that fails."""
        job = self.workflow["jobs"][self.name]
        assert self._holds(job.get("if", "true"))
        self._prepare()
        self.environment |= self._values(job.get("env", {}))
        for step in job["steps"]:
            if self._holds(step.get("if", "true")):
                self._step(step, job)

    def _prepare(self) -> None:
        tools = self.folder / "bin"
        tools.mkdir(parents=True)
        for name in TOOLS:
            _write_program(tools / name, RECORD)
        _write_program(tools / "sudo", SUDO % SYSTEM)
        self.environment = {
            "CI": "true",
            "HOME": os.environ["HOME"],
            "PATH": f"{tools}:{SYSTEM}",
            "ASKED": str(self.folder / "asked"),
            "RUNNER_TEMP": str(self.folder),
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_REF_NAME": self.contexts.get("github.ref_name", ""),
            "GITHUB_REPOSITORY": "owner/name",
            "GITHUB_RUN_ID": "1",
        }
        self.workspace.mkdir()

    def _step(self, step: Mapping[str, Any], job: Mapping[str, Any]) -> None:
        self.steps.append(str(step.get("name") or step.get("run") or step["uses"].split("@")[0]))
        given = self._values(step.get("with", {}))
        if "uses" in step:
            self._use(step["uses"].split("@")[0], given)
            return
        default = {**self.workflow.get("defaults", {}).get("run", {}), **job.get("defaults", {}).get("run", {})}
        shell = SHELLS[step.get("shell", default.get("shell", ""))]
        script = self.folder / "step.sh"
        script.write_text(self._text(step["run"]))
        done = subprocess.run(
            [*shell, str(script)],
            cwd=self.workspace,
            env=self.environment | self._values(step.get("env", {})),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, f"{self.steps[-1]}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"

    def _use(self, action: str, given: Mapping[str, str]) -> None:
        match action:
            case "actions/checkout":
                self._check_out(int(given.get("fetch-depth", "1")))
            case "hashicorp/setup-terraform":
                self._set_up_terraform(given["terraform_version"])
            case "aws-actions/configure-aws-credentials":
                assert given["role-to-assume"]
                self.environment["AWS_REGION"] = given["aws-region"]
            case "actions/upload-artifact":
                assert any((self.workspace / given["path"]).iterdir())
            case "sigstore/cosign-installer":
                assert re.fullmatch(r"v\d+\.\d+\.\d+", given["cosign-release"])
            case _:
                raise AssertionError(f"what does {action} leave behind?")

    def _check_out(self, depth: int) -> None:
        workspace = Repository(self.workspace)
        workspace.git("init", "--quiet")
        workspace.git("remote", "add", "origin", self.origin.root.as_uri())
        sha = self.contexts["github.sha"]
        self.origin.git("config", "uploadpack.allowAnySHA1InWant", "true")  # as GitHub has it
        only = ["--no-tags", f"--depth={depth}", "origin", sha]
        everything = ["--tags", "origin", "+refs/heads/*:refs/remotes/origin/*"]
        workspace.git("fetch", "--quiet", *(only if depth else everything))
        workspace.git("-c", "advice.detachedHead=false", "checkout", "--quiet", sha)
        for script in RECORDED:
            (self.workspace / script).write_text(SCRIPT)
        self._lend_packages()

    def _lend_packages(self) -> None:
        """The locked packages of this environment, so that `make setup` finds them there and has nothing to install."""
        shutil.copytree(ROOT / ".venv", self.workspace / ".venv", symlinks=True, copy_function=_link)
        stamp = self.workspace / ".venv/.setup"
        lines = stamp.read_text().split("\n")
        stamp.unlink()
        stamp.write_text("\n".join([str(self.workspace), "", *lines[2:]]))

    def _set_up_terraform(self, version: str) -> None:
        environment = terraform_environment(self.folder)
        found = subprocess.run(["terraform", "version", "-json"], env=environment, capture_output=True, text=True)
        assert json.loads(found.stdout)["terraform_version"] == version
        place = self.folder / "terraform"
        place.mkdir()
        (place / "terraform").symlink_to(str(shutil.which("terraform")))
        self.environment["PATH"] = f"{place}:{self.environment['PATH']}"

    def _values(self, given: Mapping[str, Any]) -> dict[str, str]:
        return {name: self._text(str(value)) for name, value in given.items()}

    def _text(self, text: str) -> str:
        return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", lambda found: self._value(found[1]), text)

    def _holds(self, condition: str) -> bool:
        parts = re.split(r"\s*(==|!=)\s*", str(condition))
        left, *rest = (each if each in {"==", "!="} else self._value(each) for each in parts)
        return (left == rest[1]) == (rest[0] == "==") if rest else left == "true"

    def _value(self, name: str) -> str:
        if name.startswith("'") or name == "true":
            return name.strip("'")
        place, _, rest = name.partition(".")
        if place == "env":
            return self.environment.get(rest, "")
        assert re.fullmatch(r"[\w.]+", name), f"this runner does not know {name}"
        return self.contexts.get(name, "") if place in {"vars", "secrets"} else self.contexts[name]


def workflow(name: str) -> Mapping[str, Any]:
    """A workflow as it is here."""
    found: dict[str, Any] = yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text())
    return found


def _link(source: str, target: str) -> None:
    """The same file, where both places are on one disk."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _write_program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
