"""What the disk refuses, told as what a person can mend."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wafer.errors import DiskUnavailable, StoreUnavailable

_LEAST = 64 * 1024  # bytes; on a disk with less room nothing can be written
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSALS = _FULL | {
    *(errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM),
    *(errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG),  # something else is in its place
}


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the operating system refuses (full, read-only, not permitted) into `StoreUnavailable`."""
    try:
        yield
    except OSError as exc:
        raise StoreUnavailable(_sentence(exc, path)) from exc


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what the operating system refuses about a file into `DiskUnavailable`; any other error passes."""
    try:
        yield
    except OSError as exc:
        if exc.errno not in _REFUSALS or not (exc.filename or exc.errno in _FULL):
            raise
        raise DiskUnavailable(_sentence(exc, exc.filename or "The disk")) from exc


def is_full(folder: Path) -> bool:
    """Whether the disk of a folder has no room."""
    return folder.exists() and shutil.disk_usage(folder).free < _LEAST


def reason(error: Exception, file: Path) -> str:
    """Why a file cannot be used: what its disk and folder say, which SQLite calls an I/O error; else the error's."""
    if is_full(file.parent):
        return "the disk is full"
    if file.parent.exists() and not os.access(file.parent, os.W_OK):
        return "its folder is read-only"
    return str(error)


def _sentence(error: OSError, what: object) -> str:
    reason = error.strerror or str(error)
    return f"{what} cannot be used: {reason}. Check the disk's space and the folder's permissions, then try again."
