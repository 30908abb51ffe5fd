"""The gate over the packages of an image: `.ci/scan` with a stand-in of trivy, and findings that were accepted."""

import datetime
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from tools.tests.repository import ROOT

ACCEPTED = """vulnerabilities:
  - {id: CVE-2026-1, expired_at: 2026-12-01, statement: not reached}
  - {id: CVE-2026-2, expired_at: 2026-11-01, statement: was not reached}
"""


def accepted() -> ModuleType:
    spec = importlib.util.spec_from_file_location("accepted", ROOT / ".ci" / "accepted.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def scan(folder: Path, *, trivy: int | None, **settings: str) -> subprocess.CompletedProcess[str]:
    """`.ci/scan clustering` with a trivy that ends so, or none; bill and audit are stand-ins too."""
    (folder / ".ci").mkdir(exist_ok=True)
    shutil.copy(ROOT / ".ci/scan", folder / ".ci/scan")
    programs = {".ci/sbom": "exit 0", ".ci/audit": 'echo "audit of $LOCK"'}
    if trivy is not None:
        programs["bin/trivy"] = f'echo "trivy $*"; exit {trivy}'
    for name, text in programs.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    environment = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin", "HOME": os.environ.get("HOME", "/"), **settings}
    return subprocess.run([str(folder / ".ci/scan"), "clustering"], env=environment, capture_output=True, text=True)


def test_a_flaw_fails_and_without_one_python_packages_are_audited_too(tmp_path: Path) -> None:
    clean, flawed = scan(tmp_path, trivy=0), scan(tmp_path, trivy=10)

    assert clean.returncode == 0, clean.stderr
    assert "--ignorefile .ci/accepted.yaml" in clean.stdout
    assert "build/images/clustering.cdx.json" in clean.stdout
    assert "audit of locks/clustering.txt" in clean.stdout
    assert flawed.returncode == 1
    assert "clustering has flaws" in flawed.stderr


@pytest.mark.parametrize(("trivy", "why"), [(None, "no trivy"), (1, "does it reach its database?")])
def test_a_scan_that_cannot_be_made_is_said_and_fails_where_it_is_required(
    tmp_path: Path, trivy: int | None, why: str
) -> None:
    told = scan(tmp_path, trivy=trivy)
    required = scan(tmp_path, trivy=trivy, SCAN_REQUIRED="1")

    assert told.returncode == 0
    assert "NOT RUN for the Debian packages of clustering" in told.stderr
    assert why in told.stderr
    assert required.returncode == 3


def test_what_was_accepted_ends_on_its_day_and_needs_a_reason() -> None:
    found = accepted().accepted(ACCEPTED, datetime.date(2026, 11, 27))

    assert found == ["CVE-2026-1"]
    assert accepted().accepted((ROOT / ".ci/accepted.yaml").read_text(), datetime.date(2026, 11, 27)) == []
    with pytest.raises(ValueError, match="needs id, statement and expired_at"):
        accepted().accepted("vulnerabilities: [{id: CVE-2026-1, expired_at: 2026-12-01}]", datetime.date(2026, 11, 27))
