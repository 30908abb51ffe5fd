"""Run a command and measure what it takes: wall time, processor time, memory."""

import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.memory import watching

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that ended; processes that it started count with it."""

    code: int
    out: str
    seconds: float  # from its start to its end
    cpu: float  # seconds of processor time, which other work on the machine hardly changes
    peaks: Mapping[str, float]  # KFP function -> MiB; "" is the largest of its processes


def run_watched(words: Sequence[str], environment: Mapping[str, str] | None = None) -> Finished:
    """Run Python with these words at the root of the repository; what it says on standard error is dropped."""
    before, start = _cpu(), time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own modules
        [sys.executable, *words],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with watching(process.pid) as peaks:
        out, _ = process.communicate()
    return Finished(process.returncode, out, time.perf_counter() - start, _cpu() - before, peaks)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
