"""A file that units of work read, wherever they are done."""

import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from wafer.errors import StoreUnavailable
from wafer.files import sha256_of
from wafer.store import is_s3, open_store

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
