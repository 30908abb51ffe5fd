"""Files: written to appear complete or not at all, summed, and named so that every file system takes the name."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

TEMPORARY = ".part-"  # begins the name of a file that is still being written
LONGEST_NAME = 200  # bytes; file systems end at 255


class UnfinishedFile:
    """A file next to `path` (folders are made) that takes its place when kept; a reader never sees half of it.

    `durable` flushes to disk first, so the file survives a power cut; what a retry writes again can do without.
    `private` lets only the owner read it, from its first byte.
    """

    def __init__(self, path: Path, *, durable: bool = True, private: bool = False) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.part = path.with_name(f"{TEMPORARY}{uuid4().hex}")
        self._path = path
        self._durable = durable
        if private:
            self.part.touch(mode=0o600, exist_ok=False)

    def keep(self) -> None:
        """Let the file appear, in place of what was there."""
        self._flush(self.part)
        self.part.replace(self._path)
        self._flush(self._path.parent)

    def keep_as_new(self) -> None:
        """Let the file appear; `FileExistsError` if one is there, even if it came into being this moment."""
        self._flush(self.part)
        self._path.hardlink_to(self.part)
        self.discard()
        self._flush(self._path.parent)

    def discard(self) -> None:
        """Forget what was written, unless the file was kept."""
        self.part.unlink(missing_ok=True)

    def _flush(self, path: Path) -> None:
        if self._durable:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


@contextmanager
def complete_file(path: Path, *, durable: bool = True, private: bool = False) -> Iterator[Path]:
    """Path of a temporary file next to `path`, which becomes `path` when the block ends well and is gone otherwise."""
    file = UnfinishedFile(path, durable=durable, private=private)
    try:
        yield file.part
        file.keep()
    finally:
        file.discard()


def write_file(path: Path, data: bytes, *, private: bool = False) -> None:
    """Replace a file's content in one step."""
    with complete_file(path, private=private) as part:
        part.write_bytes(data)


def create_file(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write a file that must not exist yet; `FileExistsError` if it does."""
    file = UnfinishedFile(path, private=private)
    try:
        file.part.write_bytes(data)
        file.keep_as_new()
    finally:
        file.discard()


def copy_file(source: Path, path: Path) -> None:
    """Replace a file's content by a copy of another's in one step."""
    with complete_file(path) as part:
        shutil.copyfile(source, part)


@contextmanager
def complete_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the place of `folder` when the block succeeds, and vanishes when it fails.

    Not flushed: it holds what a task makes, which a retry makes again.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        yield fresh
        fresh.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@contextmanager
def scratch_near(output: Path, what: str) -> Iterator[Path]:
    """An empty folder next to an output, where there is room, gone after the block; what a killed attempt left goes."""
    folder = output.with_name(f".{output.name}.{what}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def local_name(name: str) -> str:
    """Name for a delivered file on this machine: its own where a file can have it, otherwise one from its hash."""
    if name in {".", ".."} or len(name.encode()) > LONGEST_NAME:
        return f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.csv"
    return name


def stem(name: str) -> str:
    """A batch's name without `.csv`; another ending stays, so that `a.csv` and `a.txt` do not share a stem."""
    if "." not in name:
        return f"{name}."
    return Path(name).stem if name.lower().endswith(".csv") else name
