"""Files of published folders, checked against their marker on the way out."""

import hashlib
from pathlib import Path

from application.api.views import folder_of
from application.runs.run import Run
from wafer.errors import NotPublished, ObjectNotFound
from wafer.files import sha256_of
from wafer.store import PublishedFile, Store, read_marker


def published_bytes(store: Store, run: Run, name: str) -> bytes:
    """A file that a run published, from memory. Raises `NotPublished`, `ObjectNotFound`."""
    expected = _expected(store, run, "outputs", name)
    data = store.get(f"{folder_of(run, 'outputs')}/{name}")
    _check(hashlib.sha256(data).hexdigest(), expected, name)
    return data


def fetch_file(store: Store, run: Run, kind: str, name: str, path: Path) -> None:
    """Copy a file of a run's `outputs` or `refused` to a path. Raises `NotPublished`, `ObjectNotFound`."""
    expected = _expected(store, run, kind, name)
    store.download(f"{folder_of(run, kind)}/{name}", path)
    _check(sha256_of(path), expected, name)


def _expected(store: Store, run: Run, kind: str, name: str) -> PublishedFile:
    found = read_marker(store, folder_of(run, kind)).files.get(name)
    if not found:
        raise ObjectNotFound(f"Run {run.run_id} left no file {name[:200]!r}.")
    return found


def _check(sha256: str, expected: PublishedFile, name: str) -> None:
    if sha256 != expected.sha256:
        raise NotPublished(f"{name} is not what its marker names; it was altered or overwritten. Start a new run.")
