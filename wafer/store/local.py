"""The store in a folder: an object is a file, its key the path below the folder."""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from wafer.errors import ObjectNotFound, PublishConflict
from wafer.files import TEMPORARY, copy_file, create_file, write_file
from wafer.store.disk import disk_errors
from wafer.store.protocol import StoredObject, check_key

_ABSENT = (FileNotFoundError, IsADirectoryError, NotADirectoryError)


class LocalStore:
    """A `Store` in a folder, which is made by the first write."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.uri = str(root)

    def put(self, key: str, data: bytes, *, only_if_absent: bool = False) -> None:
        """Write an object; `PublishConflict` if only an absent one may be written and other content is there."""
        path = self._path(key)
        with disk_errors(path):
            if only_if_absent:
                self._create(path, data)
            else:
                write_file(path, data)

    def get(self, key: str) -> bytes:
        """Read a whole object; `ObjectNotFound` when there is none."""
        path = self._path(key)
        with disk_errors(path):
            try:
                return path.read_bytes()
            except _ABSENT as exc:
                raise self._missing(key) from exc

    def part(self, key: str, start: int, length: int) -> bytes:
        """Read `length` bytes, at least one, from `start` on, fewer at the object's end; `ObjectNotFound` if none."""
        path = self._path(key)
        with disk_errors(path):
            try:
                with path.open("rb") as file:
                    file.seek(start)
                    return file.read(length)
            except _ABSENT as exc:
                raise self._missing(key) from exc

    def upload(self, path: Path, key: str) -> None:
        """Write an object from a file of any size."""
        target = self._path(key)
        with disk_errors(target):
            copy_file(path, target)

    def download(self, key: str, path: Path) -> None:
        """Read an object of any size into a file, which appears complete or not at all; `ObjectNotFound` if none."""
        source = self._path(key)
        if not source.is_file():
            raise self._missing(key)
        with disk_errors(path):
            copy_file(source, path)

    def keys(self, prefix: str) -> list[StoredObject]:
        """Every object below the folder `prefix` (all of them for an empty one), sorted by key."""
        folder = self._path(prefix.rstrip("/")) if prefix.rstrip("/") else self._root
        with disk_errors(folder):
            return sorted(StoredObject(path.relative_to(self._root).as_posix(), size) for path, size in _files(folder))

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        path = self._path(key)
        with disk_errors(path):
            if path.is_file():
                path.unlink(missing_ok=True)

    def delete_below(self, prefix: str) -> None:
        """Remove every object below the folder `prefix`; none is no error."""
        folder = self._path(prefix.rstrip("/"))
        with disk_errors(folder):
            if folder.is_dir():
                shutil.rmtree(folder)

    def _create(self, path: Path, data: bytes) -> None:
        try:
            create_file(path, data)
        except FileExistsError as exc:
            if not path.is_file() or path.read_bytes() != data:
                raise PublishConflict(f"{path} already holds something else and is not overwritten.") from exc

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)

    def _missing(self, key: str) -> ObjectNotFound:
        return ObjectNotFound(f"There is no {key} in the store {self.uri}.")


def _files(folder: Path) -> Iterator[tuple[Path, int]]:
    """Finished files below a folder and their sizes, in no order; none when there is no such folder."""
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry))
            elif entry.is_file() and not entry.name.startswith(TEMPORARY):
                with suppress(FileNotFoundError):  # deleted since the folder was read
                    yield Path(entry), entry.stat().st_size
