"""Locks that live as long as the process that holds them."""

import fcntl
from pathlib import Path


def is_held(path: Path) -> bool:
    """Whether a process holds the lock of this file."""
    try:
        with path.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
