"""Runs terraform over a copy of `terraform/`, so that nothing it writes lands in the sources."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from conftest import skip_or_fail

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "terraform"
MOTO = Path(__file__).parent / "moto"
PROVIDER = "hashicorp/aws/5.100.0"
# Where programs keep what is added to them; a mirror has a folder for the host that the providers come from.
MIRROR_ROOTS = ("/opt", "/usr/share", "/usr/local/share", "/usr/local/lib", "~/.terraform.d", "~/.local/share")
NOTHING_TO_DO, CHANGES = 0, 2  # exit codes of plan -detailed-exitcode


@dataclass(frozen=True, slots=True)
class Terraform:
    """Terraform in one folder of the copy."""

    folder: Path
    environment: Mapping[str, str]

    def at(self, name: str) -> "Terraform":
        """Terraform in a folder below this one."""
        return replace(self, folder=self.folder / name)

    def run(self, *arguments: str, allow: Iterable[int] = (0,)) -> subprocess.CompletedProcess[str]:
        """Run a command; the test fails with its output on an exit code that is not allowed."""
        done = subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        if done.returncode not in allow:
            pytest.fail(
                f"terraform {arguments[0]} in {self.folder.name}:\n{done.stdout[-3000:]}\n{done.stderr[-5000:]}"
            )
        return done

    def init(self, *arguments: str) -> None:
        """Install the provider; a machine that has none and reaches none skips the test."""
        done = self.run("init", "-input=false", "-no-color", *arguments, allow=(0, 1))
        if done.returncode and "Failed to query available provider packages" in done.stderr:
            skip_or_fail(f"terraform has no mirror of {PROVIDER} here and reaches no registry")
        assert done.returncode == 0, done.stderr

    def plan(self, *arguments: str, into: str = "plan") -> dict[str, Any]:
        """Plan, keep the plan as the file `into`, and return it as data."""
        options = ("-input=false", "-no-color", "-detailed-exitcode", f"-out={into}")
        self.run("plan", *options, *arguments, allow=(NOTHING_TO_DO, CHANGES))
        plan: dict[str, Any] = json.loads(self.run("show", "-json", into).stdout)
        return plan


def changes(plan: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Address -> before, after and actions of every managed resource that a plan would touch."""
    return {
        each["address"]: each["change"]
        for each in plan["resource_changes"]
        if each["mode"] == "managed" and each["change"]["actions"] != ["no-op"]
    }


def planned(plan: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Values of every resource of a kind as they will be."""
    return [each["change"]["after"] for each in plan["resource_changes"] if each["type"] == kind]


def terraform_environment(scratch: Path) -> dict[str, str]:
    """Environment without any account or setting of the caller, with the machine's provider mirror if it has one."""
    if not shutil.which("terraform"):
        skip_or_fail("terraform is not on the PATH")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
    offline = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "", "AWS_SHARED_CREDENTIALS_FILE": ""}
    return kept | offline | {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"} | _cli_config(scratch)


def _cli_config(scratch: Path) -> dict[str, str]:
    """The caller's own configuration of terraform, or one that names the mirror found here, or none."""
    given = os.environ.get("TF_CLI_CONFIG_FILE")
    if given and Path(given).is_file():
        return {"TF_CLI_CONFIG_FILE": given}
    mirror = next(_mirrors(), None)
    if mirror is None:
        return {}
    config = scratch / "terraform.rc"
    config.write_text(f"provider_installation {{\n  filesystem_mirror {{ path = {json.dumps(str(mirror))} }}\n}}\n")
    return {"TF_CLI_CONFIG_FILE": str(config)}


def _mirrors() -> Iterator[Path]:
    for root in map(Path, MIRROR_ROOTS):
        for pattern in (f"*/{PROVIDER}", f"*/*/{PROVIDER}"):
            yield from (found.parents[3] for found in sorted(root.expanduser().glob(pattern)))


def copy_sources(scratch: Path, *, over_moto: bool) -> Path:
    """Copy `terraform/` and the locks it reads into `scratch`; `over_moto` lays the overrides for moto over it."""
    copy = scratch / "terraform"
    shutil.copytree(SOURCES, copy, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*", "*override.tf"))
    shutil.copytree(ROOT / "locks", scratch / "locks")
    if over_moto:
        shutil.copytree(MOTO, copy, dirs_exist_ok=True)
    return copy
