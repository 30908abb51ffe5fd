"""A task that was forked is a process of its own: it fails, dies and is marked as one."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from application.backends.local.tasks import ForkServer, fork_server

PROGRAM = """
import os, sys
import kfp
from kfp.dsl import *

def {name}(out: str) -> str:
    {body}
    return "done"
"""

ALONE = """
import os, signal, time
from pathlib import Path
from kfp import dsl, local
from application.backends.local import tasks as forked
from application.backends.local.kfp_patches import tasks_started_by

@dsl.component(base_image="none", install_kfp_package=False)
def answer() -> int:
    return 42

local.init(local.SubprocessRunner(use_venv=False), raise_on_error=True)
with forked.fork_server(()) as server, tasks_started_by(server.run):
    (pid,) = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    os.kill(int(pid), signal.SIGKILL)
    time.sleep(0.2)
    print(answer().output)
"""


@pytest.fixture
def server() -> Iterator[ForkServer]:
    with fork_server(["no.such.module", "kfp.dsl.executor_main"]) as started:
        yield started


def run(server: ForkServer, folder: Path, body: str, environment: dict[str, str] | None = None) -> bool:
    inputs: dict[str, Any] = {
        "inputs": {"parameterValues": {"out": str(folder / "out")}},
        "outputs": {"parameters": {"Output": {"outputFile": str(folder / "Output")}}, "outputFile": str(folder / "o")},
    }
    words = ["--executor_input", json.dumps(inputs), "--function_to_execute", "component"]
    return server.run(PROGRAM.format(name="component", body=body), words, environment or {})


def test_a_task_runs_under_its_own_name_with_its_environment(server: ForkServer, tmp_path: Path) -> None:
    body = "open(out, 'w').write(f\"{os.getpid()} {open('/proc/self/comm').read().strip()} {os.environ['ASKED']}\")"

    assert run(server, tmp_path, body, {"ASKED": "yes"})
    first = (tmp_path / "out").read_text().split()
    assert run(server, tmp_path, body, {"ASKED": "no"})
    second = (tmp_path / "out").read_text().split()

    assert first[1:] == ["component", "yes"]
    assert second[1:] == ["component", "no"]
    assert first[0] != second[0]
    assert json.loads((tmp_path / "o").read_text())["parameterValues"] == {"Output": "done"}


@pytest.mark.parametrize(
    "body", ["raise ValueError(out)", "sys.exit(1)", "sys.exit('a sentence')", "os.kill(os.getpid(), 9)", "os._exit(0)"]
)
def test_a_task_that_does_not_end_well_has_failed_and_the_next_one_runs(
    server: ForkServer, tmp_path: Path, body: str
) -> None:
    assert not run(server, tmp_path, body)
    assert run(server, tmp_path, "pass")


def test_without_its_server_a_task_is_refused(server: ForkServer, tmp_path: Path) -> None:
    assert not run(server, tmp_path, "os.kill(os.getppid(), 9); os.kill(os.getpid(), 9)")

    with pytest.raises(OSError, match=r"Broken pipe|Connection reset|before the task started"):
        run(server, tmp_path, "pass")


def test_a_task_whose_server_dies_before_it_forks_is_refused_too(server: ForkServer, tmp_path: Path) -> None:
    assert run(server, tmp_path, "open(out, 'w').write(str(os.getppid()))")
    pid = int((tmp_path / "out").read_text())
    os.kill(pid, signal.SIGSTOP)
    Timer(0.3, os.kill, (pid, signal.SIGKILL)).start()

    with pytest.raises(OSError, match="before the task started"):
        run(server, tmp_path, "pass")


def test_a_task_without_its_server_starts_by_itself(tmp_path: Path) -> None:
    script = tmp_path / "alone.py"
    script.write_text(ALONE)

    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "the task starts by itself" in done.stdout
    assert done.stdout.endswith("42\n")


def test_the_server_ends_with_the_process_that_started_it() -> None:
    code = (
        "import time\nfrom application.backends.local import tasks as forked\n"
        "with forked.fork_server(()):\n print('up', flush=True)\n time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == "up\n"
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
        descriptors = [os.pidfd_open(int(child)) for child in children]
        parent.send_signal(signal.SIGKILL)

        assert descriptors
        assert all(_ended(descriptor) for descriptor in descriptors)


def _ended(descriptor: int) -> bool:
    ended = bool(select.select([descriptor], [], [], 10)[0])
    os.close(descriptor)
    return ended
