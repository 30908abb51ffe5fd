"""Runs Jenkinsfiles without Jenkins: the Java module beside this file, by Maven."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from conftest import skip_or_fail

MODULE = Path(__file__).parent
SHORT_LIVED = (
    "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # compiling well takes a machine of seconds longer than it saves
)


def run_jenkinsfiles(scratch: Path, cases: Sequence[Mapping[str, Any]], *properties: str) -> dict[str, dict[str, Any]]:
    """Name of each case -> what its job did."""
    (scratch / "cases.json").write_text(json.dumps(cases))
    results = scratch / "results.json"
    _maven(scratch, f"-Dcases={scratch / 'cases.json'}", f"-Dresults={results}", *properties)
    return {each["name"]: each for each in json.loads(results.read_text())}


def _maven(scratch: Path, *properties: str) -> None:
    """Run the JUnit tests; from Maven's own cache where that has everything."""
    if shutil.which("mvn") is None or shutil.which("java") is None:
        skip_or_fail("maven and a JDK are not on this machine")
    command = [
        "mvn",
        "--batch-mode",
        "--quiet",
        f"-Dtarget={scratch / 'target'}",
        f"-Dshort={SHORT_LIVED}",
        *properties,
        "test",
    ]
    environment = {"MAVEN_OPTS": SHORT_LIVED, **os.environ}
    for more in (["--offline"], []):
        done = subprocess.run(
            [*command, *more], cwd=MODULE, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        if done.returncode == 0:
            return
    if "Could not transfer artifact" in done.stdout or "Unknown host" in done.stdout:
        skip_or_fail("Maven reaches no repository and has not everything in its cache")
    pytest.fail(done.stdout[-6000:] + done.stderr[-2000:])
