"""Work that the engines' tests give to other processes."""

import hashlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from wafer.engine import Given
from wafer.errors import ContractMismatch
from wafer.files import complete_file
from wafer.progress import advance


@dataclass(frozen=True, slots=True)
class Numbered:
    number: int

    @property
    def name(self) -> str:
        return f"part-{self.number}"


@dataclass(frozen=True, slots=True)
class Part(Numbered):
    folder: Path


@dataclass(frozen=True, slots=True)
class Reading(Numbered):
    file: Given


class Copied(NamedTuple):
    number: int
    read: str
    written: str


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


def copy(part: Reading, folder: Path) -> Copied:
    """Copy a given file; says where it was read, and where it went before it came to the task."""
    path = part.file.at_hand()
    with complete_file(folder / f"{part.name}.txt") as unfinished:
        unfinished.write_bytes(path.read_bytes())
    return Copied(part.number, str(path), str(folder))


def die_unless_mended(part: Part, folder: Path) -> int:
    """Note that the unit was begun; the second one ends its process until there is a file `mended`."""
    with (part.folder / f"{part.name}.begun").open("a") as begun:
        begun.write("x")
    if part.number == 1 and not (part.folder / "mended").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    with complete_file(folder / part.name) as unfinished:
        unfinished.write_text(part.name)
    return part.number


def step_for_long(part: Part, folder: Path) -> None:
    """Tell a step every moment, for two seconds."""
    for _ in range(20):
        time.sleep(0.1)
        advance()


def wait_for_long(part: Part) -> None:
    (part.folder / f"{part.name}.begun").touch()
    time.sleep(60)
