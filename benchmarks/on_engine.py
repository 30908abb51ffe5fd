"""Stages one after the other on an engine: `python -m benchmarks.on_engine NAME FOLDER`; prints their CPU seconds.

The commands lie in `commands.json` of the folder. Processes that outlive the one that started them count too: they
become this one's.
"""

import ctypes
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

_CHILD_SUBREAPER = 36  # prctl(2)
WORKERS = 2


@contextmanager
def _inline(_: Path) -> Iterator[dict[str, str]]:
    yield {}


@contextmanager
def _processes(_: Path) -> Iterator[dict[str, str]]:
    yield {"WAFER_WORKERS": str(WORKERS)}


@contextmanager
def _cluster(folder: Path) -> Iterator[dict[str, str]]:
    from tests.servers.cluster import start_cluster, write_certificates

    started = contextmanager(start_cluster)(write_certificates(folder / "tls"), folder)
    with started as cluster:
        yield {"WAFER_ENGINE": cluster.address, "WAFER_ENGINE_TLS": str(cluster.certificates)}


ENGINES: Mapping[str, Callable[[Path], AbstractContextManager[dict[str, str]]]] = {
    "inline": _inline,
    "processes": _processes,
    "cluster": _cluster,
}


def main(engine: str, folder: Path) -> None:
    """Run the commands."""
    ctypes.CDLL(None).prctl(_CHILD_SUBREAPER, 1)
    before = time.perf_counter()
    with ENGINES[engine](folder) as settings:
        for words in json.loads((folder / "commands.json").read_text(encoding="utf-8")):
            subprocess.run(  # noqa: S603 - our own modules
                [sys.executable, *words],
                env={**os.environ, **settings},
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
    seconds = time.perf_counter() - before
    with suppress(ChildProcessError):
        while True:
            os.wait()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    sys.stdout.write(json.dumps({"cpu": used.ru_utime + used.ru_stime, "seconds": seconds}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
