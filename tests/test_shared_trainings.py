"""Whole trainings whose units are shared: by processes, and by a cluster whose scheduler is killed in the middle."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.line import SCHEMA, write_drop
from tests.servers.cluster import Running, start_cluster

pytestmark = [pytest.mark.server, pytest.mark.slow]  # two trainings and two clusters
WAFER = [sys.executable, "-c", "from application.cli.app import main; main()"]


def wafer(home: Path, *words: object, engine: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    theirs = {name: value for name, value in os.environ.items() if not name.startswith(("WAFER_", "MONGODB", "MLFLOW"))}
    environment = {**theirs, "WAFER_HOME": str(home), **(engine or {})}
    command = [*WAFER, *map(str, words), "--json"]
    return subprocess.Popen(command, env=environment, cwd=home.parent, stdout=subprocess.PIPE, text=True)


def ended(call: subprocess.Popen[str]) -> dict[str, Any]:
    out, _ = call.communicate(timeout=240)
    return dict(json.loads(out.splitlines()[-1]))


def reached(cluster: Running) -> dict[str, str]:
    return {"WAFER_ENGINE": cluster.address, "WAFER_ENGINE_TLS": str(cluster.certificates)}


def wait_for(pattern: str, folder: Path) -> None:
    deadline = time.monotonic() + 120
    while not list(folder.glob(pattern)):
        assert time.monotonic() < deadline, f"nothing is named {pattern}"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drop")
    (folder / "schema.json").write_text(SCHEMA)
    return write_drop(folder / "batches")


def train(home: Path, drop: Path, *words: object, engine: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    own = ("--schema", drop.parent / "schema.json", "--max-clusters", 1)
    return wafer(home, "train", drop, *own, *words, engine=engine)


@dataclass(frozen=True)
class Trained:
    home: Path
    run_id: str

    def units(self) -> list[dict[str, Any]]:
        """What the tasks of the run logged of their units, one after the other."""
        lines = (self.home / "runs" / self.run_id / "log.txt").read_text().splitlines()
        return [json.loads(line) for line in lines if '"event": "units"' in line]

    def fits(self) -> list[dict[str, Any]]:
        """The same of the fits, of which there are more than files."""
        return [each for each in self.units() if each["of"] > 20]

    def digest(self) -> str:
        """The digest of the model's bundle."""
        (version,) = ended(wafer(self.home, "models"))["models"]
        return str(version["digest"])


@pytest.fixture(scope="module")
def shared(drop: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A training by two processes."""
    home = tmp_path_factory.mktemp("shared") / "home"
    return Trained(home, ended(train(home, drop, "--workers", 2))["run_id"])


def test_two_processes_share_the_fits_of_a_training(shared: Trained) -> None:
    assert [each["processes"] for each in shared.fits()] == [2]


def test_a_retry_finishes_a_training_whose_scheduler_was_killed(
    drop: Path, shared: Trained, certificates: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"

    with contextmanager(start_cluster)(certificates, tmp_path) as cluster:
        call = train(home, drop, engine=reached(cluster))
        wait_for("store/units/*/train-global/done/*/_SUCCESS.json", home)
        cluster.scheduler.kill()
        cut = ended(call)
    with contextmanager(start_cluster)(certificates, tmp_path) as cluster:
        retried = ended(wafer(home, "runs", "retry", cut["run_id"], engine=reached(cluster)))

    error = cut["error"]
    assert (cut["state"], error["code"], error["stage"]) == ("failed", "ENGINE_UNAVAILABLE", "train-global")
    assert "went away" in error["message"]
    assert "retry the run" in error["message"]
    assert (retried["state"], retried["run_id"]) == ("succeeded", cut["run_id"])
    trained = Trained(home, cut["run_id"])
    first, again = (each["kept"] for each in trained.fits())
    assert (first, again > 0) == (0, True)
    assert trained.digest() == shared.digest()
    assert not [path for path in home.glob("store/units/**/*") if path.is_file()]
