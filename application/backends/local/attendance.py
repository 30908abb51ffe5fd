"""A run that a command attends ends with that command, also when it is killed and can tell nobody.

The command holds a lock on a file of the run's folder. The worker waits for that lock: whoever ends lets go of it.
"""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

from application.backends.local.locks import is_held
from wafer.errors import RunNotRetryable

COMMAND, STOPPED = "command", "stopped"
ATTENDED = "attended"  # the worker's last argument when a command attends its run
GONE = "The command that started it has ended."


@contextmanager
def attended(folder: Path) -> Iterator[None]:
    """Attend the run of a folder for as long as the block. Raises `RunNotRetryable` if another command does."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / COMMAND
    with path.open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunNotRetryable(f"Another command follows the run {folder.name}; wait for it.") from error
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            with suppress(OSError):
                folder.rmdir()  # of a run that never began


def is_attended(folder: Path) -> bool:
    """Whether a command attends the run of a folder."""
    return is_held(folder / COMMAND)


def end_with_command(folder: Path) -> None:
    """Let this process, which leads a group, end with all of that group when the command that attends its run does."""
    Thread(target=_wait_and_end, args=(folder,), name="attendance", daemon=True).start()


def _wait_and_end(folder: Path) -> None:
    with suppress(FileNotFoundError), (folder / COMMAND).open("rb") as lock:  # it has ended this moment
        fcntl.flock(lock, fcntl.LOCK_SH)
    with suppress(OSError):  # a full disk
        (folder / STOPPED).write_text(GONE, encoding="utf-8")
    os.killpg(os.getpid(), signal.SIGTERM)
