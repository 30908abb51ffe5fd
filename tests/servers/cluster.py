"""A cluster on 127.0.0.1: a scheduler and two workers, with certificates of its own."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from wafer.settings import Settings


@dataclass(frozen=True)
class Running:
    scheduler: subprocess.Popen[bytes]
    workers: subprocess.Popen[bytes]
    address: str
    certificates: Path

    def worker_pids(self) -> list[int]:
        """The processes that do units, each of which is started again when it dies."""
        pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
        return [pid for pid in pids if _session(pid) == self.workers.pid and "spawn_main" in _command(pid)]

    @property
    def settings(self) -> Settings:
        return Settings(WAFER_ENGINE=self.address, WAFER_ENGINE_TLS=self.certificates)


def _session(pid: int) -> int:
    with suppress(ProcessLookupError):
        return os.getsid(pid)
    return 0


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def write_certificates(folder: Path) -> Path:
    import trustme  # cryptography: 0.2 s, for a few tests

    folder.mkdir()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.crt")
    own = authority.issue_cert("127.0.0.1", "localhost")
    own.private_key_pem.write_to_path(folder / "tls.key")
    own.cert_chain_pems[0].write_to_path(folder / "tls.crt")
    return folder


def start_part(
    certificates: Path, log: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "wafer.engine", *arguments]
    environment = {**os.environ, **(environment or {}), "WAFER_ENGINE_TLS": str(certificates)}
    with log.open("wb") as output:
        return subprocess.Popen(command, env=environment, stderr=output, start_new_session=True)


def wait_for(log: Path, pattern: str, times: int = 1) -> str:
    """Wait until a part has written this so many times; the first one."""
    for _ in range(600):
        if len(found := re.findall(pattern, log.read_text())) >= times:
            return str(found[0])
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def start_cluster(certificates: Path, logs: Path, environment: Mapping[str, str] | None = None) -> Iterator[Running]:
    scheduler = start_part(certificates, logs / "scheduler.log", "scheduler", "--host", "127.0.0.1", "--port", "0")
    parts = [scheduler]
    try:
        address = wait_for(logs / "scheduler.log", r"tls://127\.0\.0\.1:\d+")
        options = ("worker", address, "--processes", "2")
        workers = start_part(certificates, logs / "workers.log", *options, environment=environment)
        parts.append(workers)
        wait_for(logs / "workers.log", "Registered to", times=2)
        yield Running(scheduler, workers, address, certificates)
    finally:
        for part in parts:
            os.killpg(part.pid, signal.SIGKILL)
            part.wait()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificates(tmp_path_factory.mktemp("tls") / "own")


@pytest.fixture(scope="session")
def cluster(certificates: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from start_cluster(certificates, tmp_path_factory.mktemp("cluster"))
