"""A task that was forked is a process of its own: it fails, dies and is marked as one."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread, Timer

import pytest

SOURCE = """
import os, sys
import kfp
from kfp.dsl import *

def component(out: str) -> str:
    {body}
    return "done"
"""
# What a worker does, in a process of its own as a worker is one; a line for every task.
WORKER = """
import json, sys
from application.backends.local.tasks import run_task, start_server
from pipelines.table import Branch

if __name__ == "__main__":
    start_server(["no.such.module"], [Branch(tuple(sys.argv[1:]), ("no.such.module", "xml.dom.minidom"))])
    for line in sys.stdin:
        try:
            print(run_task(**json.loads(line)), flush=True)
        except OSError:
            print("refused", flush=True)
"""
ALONE = """
from kfp import dsl, local
from application.backends.local.kfp_patches import tasks_started_by

@dsl.component(base_image="none", install_kfp_package=False)
def answer() -> int:
    return 42

def refuse(*_):
    raise ChildProcessError("no server")

local.init(local.SubprocessRunner(use_venv=False), raise_on_error=True)
with tasks_started_by(refuse):
    print(answer().output)
"""


class Worker:
    """A worker that runs tasks with a body each, and the folder that they write into; `branch` names tasks of one."""

    def __init__(self, folder: Path, *branch: str) -> None:
        self.folder = folder
        script = folder / "worker.py"
        script.write_text(WORKER)
        command = [sys.executable, str(script), *branch]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )

    def ends_well(self, body: str, variables: dict[str, str] | None = None) -> bool:
        return self.answer(body, variables) == "True"

    def answer(self, body: str, variables: dict[str, str] | None = None) -> str:
        outputs = {"parameters": {"Output": {"outputFile": str(self.folder / "Output")}}}
        executor_input = {
            "inputs": {"parameterValues": {"out": str(self.folder / "out")}},
            "outputs": outputs | {"outputFile": str(self.folder / "o")},
        }
        arguments = ["--executor_input", json.dumps(executor_input), "--function_to_execute", "component"]
        task = {"source": SOURCE.format(body=body), "arguments": arguments, "variables": variables or {}}
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps(task), file=self.process.stdin, flush=True)
        told = (line.strip() for line in self.process.stdout if line in {"True\n", "False\n", "refused\n"})
        return next(told, "")

    def wrote(self) -> list[str]:
        return (self.folder / "out").read_text().split()


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    started = Worker(tmp_path)
    with started.process:
        yield started


@pytest.fixture
def branched(tmp_path: Path) -> Iterator[Worker]:
    started = Worker(tmp_path, "component")
    with started.process:
        yield started


def test_a_task_runs_under_its_own_name_with_its_environment(worker: Worker) -> None:
    body = "open(out, 'w').write(f\"{os.getpid()} {open('/proc/self/comm').read().strip()} {os.environ['ASKED']}\")"

    assert worker.ends_well(body, {"ASKED": "yes"})
    first = worker.wrote()
    assert worker.ends_well(body, {"ASKED": "no"})
    second = worker.wrote()

    assert first[1:] == ["component", "yes"]
    assert second[1:] == ["component", "no"]
    assert first[0] != second[0]
    assert json.loads((worker.folder / "o").read_text())["parameterValues"] == {"Output": "done"}


def test_a_task_of_a_branch_has_its_imports_and_one_of_a_killed_branch_does_without(branched: Worker) -> None:
    body = "open(out, 'w').write(f\"{os.getpid()} {os.getppid()} {'xml.dom.minidom' in sys.modules}\")"

    assert branched.ends_well(body)
    first, branch, loaded = branched.wrote()
    assert branched.ends_well(body)
    assert branched.wrote()[0] != first
    assert (branched.wrote()[1:], loaded) == ([branch, "True"], "True")

    branch_ended = os.pidfd_open(int(branch))
    os.kill(int(branch), signal.SIGKILL)
    assert select.select([branch_ended], [], [], 30)[0]
    os.close(branch_ended)
    assert branched.ends_well(body)
    assert branched.wrote()[2] == "False"


def test_a_task_that_does_not_end_well_has_failed_and_the_next_one_runs(worker: Worker) -> None:
    for body in (
        "raise ValueError(out)",
        "sys.exit(1)",
        "sys.exit('a sentence')",
        "os.kill(os.getpid(), 9)",
        "os._exit(0)",
    ):
        assert not worker.ends_well(body), body
        assert worker.ends_well("pass")


def test_a_task_outlives_its_server_and_the_next_one_has_another(worker: Worker) -> None:
    body = "open(out, 'w').write(str(os.getppid())); os.kill(os.getppid(), 9); import time; time.sleep(0.3)"
    assert worker.ends_well(body)
    (killed,) = worker.wrote()

    assert worker.ends_well("open(out, 'w').write(str(os.getppid()))")
    assert worker.wrote() != [killed]


def kill_who_forks(worker: Worker) -> None:
    """Who forked a task stops now, and dies a second later."""
    assert worker.ends_well("open(out, 'w').write(str(os.getppid()))")
    parent = int(worker.wrote()[0])
    os.kill(parent, signal.SIGSTOP)
    Timer(1, os.kill, (parent, signal.SIGKILL)).start()


def test_a_task_whose_server_dies_before_it_forks_is_refused(worker: Worker) -> None:
    kill_who_forks(worker)

    assert worker.answer("pass") == "refused"
    assert any(worker.ends_well("pass") for _ in range(20))  # the system takes a moment to tell that the server ended


def test_a_task_that_could_not_be_forked_starts_by_itself(tmp_path: Path) -> None:
    script = tmp_path / "alone.py"
    script.write_text(ALONE)

    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "the task starts by itself" in done.stdout
    assert done.stdout.endswith("42\n")


def test_the_server_ends_with_the_process_that_started_it(worker: Worker) -> None:
    assert worker.ends_well("open(out, 'w').write(str(os.getppid()))")
    server = os.pidfd_open(int(worker.wrote()[0]))
    worker.process.send_signal(signal.SIGKILL)

    ended = bool(select.select([server], [], [], 30)[0])
    os.close(server)
    assert ended


def test_a_task_whose_branch_dies_before_it_forks_is_refused(branched: Worker) -> None:
    kill_who_forks(branched)

    assert branched.answer("pass") == "refused"
    assert branched.ends_well("pass")


@pytest.mark.parametrize("kind", ["worker", "branched"])
def test_a_task_and_what_it_started_end_with_a_killed_worker(kind: str, request: pytest.FixtureRequest) -> None:
    worker: Worker = request.getfixturevalue(kind)
    os.mkfifo(worker.folder / "out")
    body = "import subprocess; child = subprocess.Popen(['sleep', '600']); open(out, 'w').write(str(child.pid))"
    asked = Thread(target=worker.answer, args=(f"{body}; child.wait()",), daemon=True)
    asked.start()
    child = os.pidfd_open(int((worker.folder / "out").read_text()))

    worker.process.kill()

    ended = bool(select.select([child], [], [], 30)[0])
    os.close(child)
    assert ended
