"""Files that units of work read, wherever they are done."""

import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol, Self

from wafer.errors import StoreUnavailable
from wafer.files import sha256_of
from wafer.store import files_below, is_s3, open_store

KEPT_SECONDS = 3600  # since its last use; longer than a unit takes


@dataclass(frozen=True, slots=True)
class Given:
    """Where the file lies, and its sha256 where it is not the task's own file in place."""

    uri: str
    sha256: str = ""

    def at_hand(self) -> Path:
        """The file on this machine: in place, or fetched once for all units that this process does."""
        if not is_s3(self.uri):
            return Path(self.uri)
        path = Path(_cache().name) / self.sha256
        if not path.exists():
            _fetch(self, path)
        path.touch()
        return path


class Giving(Protocol):
    """The part of an engine that lets units read files."""

    def give(self, paths: Sequence[Path]) -> list[Given]:
        """Say where units find these files."""
        ...


@dataclass(frozen=True, slots=True)
class GivenFolder:
    """The files of a folder, by their names in it."""

    files: tuple[tuple[str, Given], ...]

    @classmethod
    def of(cls, folder: Path, engine: Giving) -> Self:
        """Let units read a folder."""
        found = files_below(folder)
        return cls(tuple(zip(found, engine.give(list(found.values())), strict=True)))

    @contextmanager
    def at_hand(self) -> Iterator[Path]:
        """The folder on this machine, for as long as the block."""
        with tempfile.TemporaryDirectory(prefix="given-") as scratch:
            for name, given in self.files:
                path = Path(scratch) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(given.at_hand(), path)
            yield Path(scratch)


def _fetch(given: Given, path: Path) -> None:
    _make_room(path.parent)
    folder, _, name = given.uri.rpartition("/")
    fetched = path.with_name(f"{path.name}.fetched")
    open_store(folder).download(name, fetched)
    if sha256_of(fetched) != given.sha256:
        raise StoreUnavailable(f"{given.uri} is not what the task put there; it was altered. Retry the run.")
    fetched.rename(path)


def _make_room(folder: Path) -> None:
    for path in folder.iterdir():
        if path.stat().st_mtime < time.time() - KEPT_SECONDS:
            path.unlink()


@cache
def _cache() -> tempfile.TemporaryDirectory[str]:
    """A folder for as long as this process lives."""
    return tempfile.TemporaryDirectory(prefix="units-")
