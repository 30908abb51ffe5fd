"""Disks as they fail: a full one, a read-only one, a read-only /proc, each mounted in a namespace of the test's own."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from application.tests.processes import WAFER, environment
from conftest import skip_or_fail
from tests.faults.line import SCHEMA, write_drop

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="namespaces of mounts are Linux's")
ALONE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
FULL = 'mount -t tmpfs -o size={size} tmpfs "$WAFER_HOME"'
READ_ONLY = 'mount --bind "{path}" "{path}" && mount -o remount,bind,ro "{path}"'
Wafer = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def wafer(home: Path) -> Wafer:
    """The command, after mounts that nobody else sees and that end with it."""
    if subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode:
        skip_or_fail("no namespace of mounts can be made here")

    def run(mounts: str, *words: str) -> subprocess.CompletedProcess[str]:
        script = ["sh", "-c", f'{mounts} && exec "$@"', "sh"]
        command = [*ALONE, *script, *WAFER, *words]
        wide = environment(home) | {"COLUMNS": "500"}
        return subprocess.run(command, env=wide, capture_output=True, text=True, check=False)

    return run


def is_one_clear_error(done: subprocess.CompletedProcess[str], reason: str) -> None:
    told = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 1
    assert told.count("DISK_UNAVAILABLE") == 1
    assert re.search(reason, told), told
    assert not re.search("Traceback|memory", told), told


def test_a_read_only_home_is_one_clear_error(wafer: Wafer, home: Path) -> None:
    done = wafer(READ_ONLY.format(path=home), "predict", str(home))

    is_one_clear_error(done, f"{home}/ledger.sqlite cannot be used: its folder is read-only")


def test_a_disk_that_is_full_from_the_start_is_one_clear_error(wafer: Wafer, home: Path) -> None:
    done = wafer(FULL.format(size="16k"), "predict", str(home))

    is_one_clear_error(done, "ledger.sqlite cannot be used: the disk is full")


@pytest.mark.slow
def test_a_disk_that_fills_up_in_a_run_is_one_clear_error(wafer: Wafer, tmp_path: Path) -> None:
    drop = write_drop(tmp_path / "drop")

    done = wafer(FULL.format(size="768k"), "train", str(drop), "--schema", SCHEMA)

    is_one_clear_error(done, "disk is full|No space left on device")
    assert "ok Check files" in " ".join(done.stdout.split())


@pytest.mark.slow
def test_a_run_needs_no_proc_that_can_be_written(wafer: Wafer, tmp_path: Path) -> None:
    drop = write_drop(tmp_path / "drop")

    done = wafer(READ_ONLY.format(path="/proc"), "outcomes", str(drop), "--schema", SCHEMA)

    assert (done.returncode, "unmatched 240" in done.stdout) == (0, True)
