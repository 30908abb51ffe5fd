"""Run a command and measure what it takes: wall time, processor time, memory."""

import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.memory import watching

# The worker of an embedded run outlives its command by a moment. Its time counts for whoever inherits it: this program,
# which says last when the command has ended, on the clock that all processes share.
# Both end with this program when it is killed: what it measured would go on in a folder that the next one works in.
_HEIR = """
import ctypes, os, subprocess, sys, time
prctl = ctypes.CDLL(None).prctl
prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
end_with_parent = lambda: prctl(1, 9, 0, 0, 0)  # PR_SET_PDEATHSIG, SIGKILL
end_with_parent()
code = subprocess.run(sys.argv[1:], preexec_fn=end_with_parent).returncode
end = time.monotonic()
try:
    while True:
        os.wait()
except ChildProcessError:
    print(f"\\n{end}")
sys.exit(code)
"""
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that ended; processes that it started count with it."""

    code: int
    out: str
    seconds: float  # from its start to its end
    cpu: float  # seconds of processor time, which other work on the machine hardly changes
    peaks: Mapping[str, float]  # KFP function -> MiB; "" is the largest of its processes


def run_watched(
    words: Sequence[str], environment: Mapping[str, str] | None = None, python: str = sys.executable, at: Path = ROOT
) -> Finished:
    """Run Python with these words at the root of a repository; what it says on standard error is dropped."""
    before, start = _cpu(), time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - our own modules
        [sys.executable, "-c", _HEIR, python, *words],
        env=environment,
        cwd=at,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with watching(process.pid) as peaks:
        out, _ = process.communicate()
    out, _, end = out.rstrip("\n").rpartition("\n")
    return Finished(process.returncode, out, float(end) - start, _cpu() - before, peaks)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
