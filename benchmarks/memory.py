"""Peak memory of processes: of this one, and of every stage process of a run while it is running."""

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

INTERVAL = 0.03
_MIB = 1 << 10  # /proc counts in KiB
_PROC = Path("/proc")


def peak_mib(process: int | str = "self") -> float:
    """Most memory a process ever held resident (VmHWM); 0 when it is gone.

    `getrusage` would count what a parent held before this process became another program.
    """
    with suppress(OSError):
        found = re.search(r"VmHWM:\s*(\d+)", (_PROC / str(process) / "status").read_text(encoding="utf-8"))
        return int(found.group(1)) / _MIB if found else 0.0
    return 0.0


@dataclass(slots=True)
class Peaks:
    """Peak memory in MiB of the processes below one, by the KFP function each runs; the largest of all under ``""``."""

    by_function: dict[str, float] = field(default_factory=dict)
    _parents: dict[int, int] = field(default_factory=dict)

    def look(self, root: int) -> None:
        """Note what the processes below `root` have needed so far."""
        alive = {int(path.name) for path in _PROC.glob("[0-9]*")}
        self._parents = {pid: self._parents.get(pid) or _parent(pid) for pid in alive}
        for pid in alive:
            if self._is_below(pid, root):
                function, peak = _function(pid), peak_mib(pid)
                for name in {function, ""}:
                    self.by_function[name] = max(peak, self.by_function.get(name, 0.0))

    def _is_below(self, pid: int, root: int) -> bool:
        seen: set[int] = set()
        while pid not in seen and pid != root:
            seen.add(pid)
            pid = self._parents.get(pid, 0)
        return pid == root


@contextmanager
def watching(root: int) -> Iterator[Mapping[str, float]]:
    """Follow the processes below `root` for the time of the block; the result is complete after it."""
    peaks, done = Peaks(), threading.Event()

    def follow() -> None:
        while not done.wait(INTERVAL):
            peaks.look(root)

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield peaks.by_function
    finally:
        done.set()
        thread.join()


def _parent(pid: int) -> int:
    with suppress(OSError):
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8")
        return int(text.rpartition(")")[2].split()[1])
    return 0


def _function(pid: int) -> str:
    """The component a process executes, as its name says (see `tasks.py`); empty for any other."""
    with suppress(OSError):
        command = (_PROC / str(pid) / "cmdline").read_text(encoding="utf-8", errors="replace")
        if "multiprocessing.forkserver" in command:
            name = (_PROC / str(pid) / "comm").read_text(encoding="utf-8").strip()
            return "" if name.startswith("python") else name
    return ""
