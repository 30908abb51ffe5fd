"""Published folders: complete or invisible.

The files go first and the marker `_SUCCESS.json`, which names the run and every file's sha256 and size, goes last.
Readers demand the marker and verify the files against it. What was published never changes: the same run publishing the
same content again is done at once, and everything else under an existing marker is a `PublishConflict` (even from the
same run, because somebody may already have read the first version). So what a run publishes must be the same bytes
whenever it is computed. A publication that was interrupted before the marker is repeated and overwritten.
"""

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from wafer.errors import NotPublished, ObjectNotFound, PublishConflict
from wafer.files import sha256_of, write_file
from wafer.store.disk import disk_errors
from wafer.store.layout import MARKER
from wafer.store.protocol import Store, check_key

TRANSFERS = 8  # files at once; each holds at most a few parts of 8 MiB in memory


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """What a published file must be: its size, and its sha256 in hex."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Marker:
    """Who published a folder, and every file of it by its name below the folder."""

    run_id: str
    files: dict[str, PublishedFile]

    def to_json(self) -> bytes:
        """The marker's bytes, the same for the same content."""
        files = {name: {"bytes": file.bytes, "sha256": file.sha256} for name, file in self.files.items()}
        return json.dumps({"files": files, "run_id": self.run_id}, indent=2, sort_keys=True).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> "Marker":
        """Read a marker; `NotPublished` when it is none, or names a file outside its folder."""
        try:
            raw = json.loads(data)
            files = {check_key(name): PublishedFile(**described) for name, described in raw["files"].items()}
            return cls(str(raw["run_id"]), files)
        except (ValueError, KeyError, TypeError, AttributeError, ObjectNotFound) as exc:
            raise NotPublished(f"The marker {MARKER} is damaged: it cannot say what belongs to its folder.") from exc


def publish(store: Store, prefix: str, files: Mapping[str, Path | bytes], *, run_id: str) -> str:
    """Publish files (by their names below the folder) under a prefix and return the folder's address.

    `PublishConflict` when other content, or the same by another run, is already published there.
    """
    folder = check_key(prefix.rstrip("/"))
    marker = Marker(run_id, {_file_name(name): _describe(content) for name, content in files.items()})
    if not _is_published(store, folder, marker):
        with ThreadPoolExecutor(TRANSFERS) as pool:
            list(pool.map(lambda item: _write(store, f"{folder}/{item[0]}", item[1]), files.items()))
        store.put(f"{folder}/{MARKER}", marker.to_json(), only_if_absent=True)
    return f"{store.uri}/{folder}"


def read_marker(store: Store, prefix: str) -> Marker:
    """Read the marker of a published folder; `NotPublished` when there is none, or none that can be read."""
    folder = prefix.rstrip("/")
    try:
        data = store.get(f"{folder}/{MARKER}")
    except ObjectNotFound as exc:
        address = f"{store.uri}/{folder}"
        raise NotPublished(
            f"Nothing is published at {address}: its run did not finish, or the address is wrong."
        ) from exc
    return Marker.from_json(data)


def fetch_published(store: Store, prefix: str, folder: Path) -> Marker:
    """Copy a published folder into a local one, verify every file, and write its marker last.

    `NotPublished` when there is no marker or a file is missing or differs from it; then the local folder has no marker.
    """
    marker = read_marker(store, prefix)
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARKER).unlink(missing_ok=True)
    fetch_files(store, prefix, {name: (folder / name, file) for name, file in marker.files.items()})
    with disk_errors(folder):
        write_file(folder / MARKER, marker.to_json())
    return marker


def fetch_files(store: Store, prefix: str, files: Mapping[str, tuple[Path, PublishedFile]]) -> None:
    """Copy files of a published folder to local paths and verify them; `NotPublished` for a missing or other one."""
    with ThreadPoolExecutor(TRANSFERS) as pool:
        list(pool.map(lambda item: _fetch_file(store, prefix.rstrip("/"), item[0], *item[1]), files.items()))


def files_below(folder: Path) -> dict[str, Path]:
    """Every file of a folder and its folders by its name below it: what `publish` takes."""
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


def _file_name(name: str) -> str:
    if name == MARKER:
        raise PublishConflict(f"{MARKER} is written by publishing itself; give the file another name.")
    return check_key(name)


def _describe(content: Path | bytes) -> PublishedFile:
    if isinstance(content, bytes):
        return PublishedFile(len(content), hashlib.sha256(content).hexdigest())
    return PublishedFile(content.stat().st_size, sha256_of(content))


def _is_published(store: Store, folder: str, marker: Marker) -> bool:
    try:
        found = read_marker(store, folder)
    except NotPublished:  # a damaged marker refuses the conditional write of the new one
        return False
    if found != marker:
        whose = "this run" if found.run_id == marker.run_id else f"the run {found.run_id}"
        raise PublishConflict(
            f"{store.uri}/{folder} already holds other content published by {whose}; start a new run."
        )
    return True


def _write(store: Store, key: str, content: Path | bytes) -> None:
    if isinstance(content, bytes):
        store.put(key, content)
    else:
        store.upload(content, key)


def _fetch_file(store: Store, prefix: str, name: str, path: Path, expected: PublishedFile) -> None:
    try:
        store.download(f"{prefix}/{name}", path)
    except ObjectNotFound as exc:
        raise NotPublished(
            f"{store.uri}/{prefix} lacks {name}, which its marker names: it was not copied or restored whole."
        ) from exc
    if _describe(path) != expected:
        path.unlink()
        raise NotPublished(f"{store.uri}/{prefix}/{name} is not what its marker names; it was altered or overwritten.")
