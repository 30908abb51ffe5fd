"""What only Linux has is done without, as on macOS: its parts are taken away."""

import os
import subprocess
from pathlib import Path

import pytest

from application.backends.local import processes
from wafer.engine import Inline
from wafer.process import cores, name_process
from wafer.runs.room import memory_allowed


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sched_getaffinity", "pidfd_open"):
        monkeypatch.delattr(os, name)


@pytest.mark.usefixtures("elsewhere")
def test_cores_are_counted_without_an_affinity() -> None:
    assert cores() == os.cpu_count()
    assert isinstance(Inline(), Inline)


def test_memory_is_known_without_proc(tmp_path: Path) -> None:
    assert memory_allowed(tmp_path) == pytest.approx(_installed(), rel=0.01)


def _installed() -> int:
    return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20)


@pytest.mark.usefixtures("elsewhere")
def test_a_process_is_killed_without_a_descriptor() -> None:
    with subprocess.Popen(["sleep", "600"]) as child:
        processes._kill(child.pid)

        assert child.wait(30) == -9


def test_a_process_that_cannot_be_named_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "write_text", read_only)

    name_process("validate")
