"""Whatever ends a command ends its run, and what the disk refuses is told: real processes, real signals."""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from application.backends.local import processes
from application.cli.app import main
from application.runs.ledger.sqlite import SQLiteLedger
from application.runs.run import new_run
from application.tests.processes import environment
from tests.commands import end_of
from wafer.errors import DiskUnavailable
from wafer.runs import run_stage, task_records
from wafer.settings import Settings
from wafer.store import open_store

pytestmark = pytest.mark.slow  # every test starts the command and its processes

# The command, with a worker that starts a child, tells of it and stays.
COMMAND = """
import sys
import time
from application.backends.local import processes
processes.WORKER = (sys.executable, "-m", "application.tests.fake_worker")
from application.cli.app import main
main()
"""


class Call:
    """A command whose run is running, and a process that the run's worker started."""

    def __init__(self, process: subprocess.Popen[str], pipes: Path) -> None:
        assert process.stdout
        self.process = process
        self.run_id = process.stdout.readline().split()[1]
        self._child = os.pidfd_open(int((pipes / "any-child").read_text()))

    def child_ends(self) -> bool:
        ended = bool(select.select([self._child], [], [], 30)[0])
        os.close(self._child)
        return ended


@contextmanager
def under_way(folder: Path, *words: str) -> Iterator[Call]:
    pipes = folder / "pipes"
    pipes.mkdir()
    (pipes / "any").write_text("child")
    os.mkfifo(pipes / "any-child")
    given = environment(folder / "home") | {"WAFER_TEST_PIPES": str(pipes)}
    command = [sys.executable, "-c", COMMAND, "predict", str(folder), *words]
    with subprocess.Popen(command, env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        yield Call(process, pipes)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda number: number.name)
def test_a_command_that_is_told_to_end_ends_its_run_and_says_so(tmp_path: Path, number: signal.Signals) -> None:
    with under_way(tmp_path, "--json") as call:
        call.process.send_signal(number)
        out, _ = call.process.communicate(timeout=60)

        assert call.child_ends()
    told = json.loads(out.splitlines()[-1])
    assert call.process.returncode == 128 + number
    assert number.name in out
    assert (told["run_id"], told["state"]) == (call.run_id, "cancelled")
    assert f"wafer runs retry {call.run_id}" in told["error"]["message"]


def test_a_killed_command_ends_its_run(tmp_path: Path) -> None:
    with under_way(tmp_path) as call:
        call.process.kill()

        assert call.child_ends()
    settings = Settings(WAFER_HOME=tmp_path / "home", WAFER_STORE="")
    while processes.is_alive(settings, call.run_id):  # its worker was told at the same moment as the child
        pass
    seen = processes.look(settings, processes.read_run(settings, call.run_id))
    assert seen.state == "failed"
    assert seen.error
    assert "The command that started it has ended" in seen.error.message


@pytest.mark.parametrize("words", [["runs"], ["models"], ["keys", "add", "me"], ["train", "folder"]], ids=" ".join)
def test_a_file_in_the_place_of_the_home_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    (tmp_path / "file").write_text("")
    for name in ("WAFER_STORE", "MLFLOW_TRACKING_URI", "WAFER_LEDGER", "KFP_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WAFER_HOME", str(tmp_path / "file"))

    ended = end_of(main, "wafer", *words)

    assert (ended.code, ended.err.split()[0]) == (1, "DISK_UNAVAILABLE")
    assert str(tmp_path / "file") in ended.err.replace("\n", "")


def test_a_stage_on_a_full_disk_says_so_and_keeps_no_stack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store(str(tmp_path))

    with pytest.raises(SystemExit), run_stage("load", "run-1", store), Path("/dev/full").open("w") as full:
        full.write("x")

    (record,) = task_records(store, "run-1")
    assert record.error
    assert record.error.code == "DISK_UNAVAILABLE"
    assert "No space left on device" in record.error.message
    assert "Traceback" not in capsys.readouterr().out


def test_a_ledger_on_a_full_disk_is_not_waited_for(tmp_path: Path) -> None:
    ledger = SQLiteLedger(tmp_path / "ledger.sqlite")
    ledger._connection.execute("PRAGMA max_page_count = 1")

    runs = [new_run("predict", "folder", {"schema": "x" * 99}) for _ in range(99)]

    with pytest.raises(DiskUnavailable, match="full"):
        list(map(ledger.adopt, runs))

    assert not DiskUnavailable.retry_helps


def test_a_run_that_a_full_disk_cut_off_is_not_told_to_lack_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(WAFER_HOME=tmp_path, WAFER_STORE="")
    run = new_run("predict", "folder", {})
    processes.start(settings, run, [sys.executable, "-c", "raise SystemExit(1)"]).wait()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))

    seen = processes.look(settings, run)

    assert seen.error
    assert (seen.error.code, "disk" in seen.error.message) == ("DISK_UNAVAILABLE", True)


ASKING = [
    *(("models", *words) for words in ([], ["history"], ["scorecard", "1"], ["promote", "1"])),
    ("score", "a.csv"),
]


@pytest.mark.parametrize("words", ASKING, ids=" ".join)
def test_a_registry_that_never_answers_is_waited_for_aloud_and_told_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("WAFER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("wafer.patience.TOLD_SECONDS", 0.5)
    (tmp_path / "a.csv").write_text("Wafer\nW1\n")
    with socket.socket() as silent:  # takes connections and never answers
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        began = time.monotonic()

        ended = end_of(main, "wafer", *(tmp_path / word if word == "a.csv" else word for word in words))

    assert time.monotonic() - began < 20
    assert (ended.code, "REGISTRY_UNAVAILABLE" in ended.err) == (1, True)
    assert f"Waiting for the model registry at {address}" in ended.err


@pytest.mark.parametrize(
    ("name", "address", "code"),
    [
        ("WAFER_STORE", "s3://bucket", "STORE_UNAVAILABLE"),
        ("SOURCE", "s3://bucket/lot-1", "STORE_UNAVAILABLE"),
        ("MLFLOW_TRACKING_URI", "http://127.0.0.1:9", "REGISTRY_"),
    ],
)
def test_a_part_that_is_away_is_told_before_a_run_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, address: str, code: str
) -> None:
    aws = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1"}
    home = {"WAFER_HOME": str(tmp_path / "home"), "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    source = address if name == "SOURCE" else tmp_path
    for key, value in {**aws, **home, name: address}.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setattr("wafer.patience.TOLD_SECONDS", 0.5)
    began = time.monotonic()

    ended = end_of(main, "wafer", "predict", source)

    assert time.monotonic() - began < 30
    assert (ended.code, code in ended.err) == (1, True)
    assert list(tmp_path.glob("home/runs/*")) == []
    assert "s3" not in address or "Waiting for the store s3://bucket" in ended.err
