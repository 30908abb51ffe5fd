"""Files that appear complete or not at all, whatever kills the process or the machine while they are written."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from wafer.errors import StoreUnavailable
from wafer.store.protocol import TEMPORARY


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the operating system refuses (full, read-only, not permitted) into `StoreUnavailable`."""
    try:
        yield
    except OSError as exc:
        reason = exc.strerror or str(exc)
        raise StoreUnavailable(
            f"{path} cannot be used: {reason}. Check the disk's space and the folder's permissions, then try again."
        ) from exc


@contextmanager
def complete_file(path: Path) -> Iterator[Path]:
    """Path of a temporary file beside `path`; when the block ends well it is flushed to disk and becomes `path`."""
    with temporary_file(path) as temporary:
        yield temporary
        _flush(temporary)
        temporary.replace(path)
        _flush(path.parent)


@contextmanager
def temporary_file(path: Path) -> Iterator[Path]:
    """Path of a file beside `path` (folders are made) that is gone when the block ends, unless it was renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{TEMPORARY}{uuid4().hex}")
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def write_file(path: Path, data: bytes) -> None:
    """Replace a file's content in one step."""
    with complete_file(path) as temporary:
        temporary.write_bytes(data)


def create_file(path: Path, data: bytes) -> None:
    """Write a file that must not exist yet; `FileExistsError` if it does, even if it came into being this moment."""
    with temporary_file(path) as temporary:
        temporary.write_bytes(data)
        _flush(temporary)
        path.hardlink_to(temporary)
        _flush(path.parent)


def copy_file(source: Path, path: Path) -> None:
    """Replace a file's content by a copy of another's in one step."""
    with complete_file(path) as temporary:
        shutil.copyfile(source, temporary)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
