"""Whether a task fits into the memory that it may use: asked before it works, not answered by a kill hours later."""

import os
from pathlib import Path

from wafer.errors import TaskTooLarge
from wafer.stages import Needs

_MIB = 2**20
_UNLIMITED = 2**60  # bytes; version 1 of control groups writes such a number where there is no limit


def require_room(needs: Needs, wafers: int, allowed: int) -> None:
    """Raise TaskTooLarge if a task needs more memory for a number of wafers than the `allowed` MiB."""
    if (needed := needs.memory(wafers)) > allowed:
        raise TaskTooLarge(
            f"{wafers:,} wafers need {needed:,} MiB of memory in this task, and it may use {allowed:,} MiB. "
            f"On Kubeflow, compile the pipelines for that many (`wafer pipelines compile --wafers {wafers}`); "
            "elsewhere take a larger machine, or give the run fewer batches."
        )


def memory_allowed(root: Path = Path("/")) -> int:
    """MiB that this process may use: the machine's memory, or what its control groups leave of it."""
    found = [_machine(root), *_limits(root)]
    return min(found) // _MIB


def _machine(root: Path) -> int:
    told = root / "proc/meminfo"
    if not told.is_file():  # not Linux
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    lines = told.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemTotal:"))


def _limits(root: Path) -> list[int]:
    """The limits of this process's group and of all groups around it, version 2, and of the container, version 1."""
    told = root / "proc/self/cgroup"
    groups = told.read_text(encoding="utf-8").splitlines() if told.is_file() else []
    own = next((line.removeprefix("0::/") for line in groups if line.startswith("0::")), "")
    mount = root / "sys/fs/cgroup"
    around = [mount / own, *(mount / own).parents]
    files = [group / "memory.max" for group in around if group.is_relative_to(mount)]
    texts = [path.read_text(encoding="ascii").strip() for path in files if path.is_file()]
    old = mount / "memory/memory.limit_in_bytes"
    texts += [old.read_text(encoding="ascii").strip()] if old.is_file() else []
    return [int(text) for text in texts if text.isdigit() and int(text) < _UNLIMITED]
