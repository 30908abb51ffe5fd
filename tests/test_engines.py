"""The same bytes, whichever engine does the units of a stage's work, and whatever happens to its workers."""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from data_transformation_train.stage import transform_batches
from raw_data_validation_train.tests.corpus import accept, reject, write
from raw_data_validation_train.tests.drop import everything_below, validate
from tests.servers.cluster import Running
from wafer.contract import load_contract
from wafer.engine import Engine, Inline, open_engine
from wafer.settings import Settings


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every good and bad kind of file."""
    folder = tmp_path_factory.mktemp("drop")
    cases = [case for case in (*accept(), *reject()) if case.is_ordinary]
    random.Random(7).shuffle(cases)
    write(cases, folder)
    return folder


def work(drop: Path, out: Path, engine: Engine) -> dict[str, bytes]:
    validate(drop, out, engine=engine)
    contract = load_contract("training")
    transform_batches(out / "accepted", out / "wafers.parquet", contract, in_memory=0, engine=engine)
    return everything_below(out)


@pytest.fixture(scope="module")
def inline(drop: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return work(drop, tmp_path_factory.mktemp("inline"), Inline(1))


@pytest.mark.slow  # the whole corpus twice, and two interpreters
def test_processes_give_the_bytes_of_one(drop: Path, inline: dict[str, bytes], tmp_path: Path) -> None:
    with open_engine(Settings(WAFER_WORKERS=2)) as engine:
        assert work(drop, tmp_path, engine) == inline


def test_a_cluster_gives_the_bytes_of_one(
    drop: Path, inline: dict[str, bytes], cluster: Running, tmp_path: Path
) -> None:
    with open_engine(cluster.settings) as engine:
        assert work(drop, tmp_path, engine) == inline


def test_a_worker_that_is_killed_in_the_middle_changes_no_byte(
    drop: Path, inline: dict[str, bytes], cluster: Running, tmp_path: Path
) -> None:
    with open_engine(cluster.settings) as engine, killing_a_worker(cluster, tmp_path / "accepted"):
        assert work(drop, tmp_path, engine) == inline


@contextmanager
def killing_a_worker(cluster: Running, folder: Path) -> Iterator[None]:
    """Kill one of the two workers as soon as the first file appears in the folder."""

    def kill() -> None:
        while not (folder.is_dir() and any(folder.iterdir())):
            time.sleep(0.001)
        os.kill(cluster.worker_pids()[0], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    yield
    thread.join()
