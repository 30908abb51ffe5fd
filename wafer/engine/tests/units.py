"""Work that the engines' tests give to other processes."""

import hashlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from wafer.errors import ContractMismatch
from wafer.files import complete_file


@dataclass(frozen=True, slots=True)
class Part:
    number: int
    folder: Path

    @property
    def name(self) -> str:
        return f"part-{self.number}"


def digest(part: Part) -> tuple[str, int]:
    """Leave a file, return its place and a count."""
    path = part.folder / f"{part.name}.txt"
    with complete_file(path) as unfinished:
        unfinished.write_text(hashlib.sha256(part.name.encode()).hexdigest())
    return path.name, part.number


def pid(part: Part) -> int:
    time.sleep(0.2)
    return os.getpid()


def die_once(part: Part) -> tuple[str, int]:
    """End the process the first time, as the kernel does when memory lacks."""
    mark = part.folder / f"{part.name}.died"
    if part.number == 1 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return digest(part)


def always_die(part: Part) -> tuple[str, int]:
    if part.number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return digest(part)


def refuse(part: Part) -> None:
    raise ContractMismatch(f"{part.name} was measured by other sensors.")


def wait_for_long(part: Part) -> None:
    (part.folder / f"{part.name}.begun").touch()
    time.sleep(60)
