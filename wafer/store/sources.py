"""The batch files of a drop: what lies directly in a folder or below an S3 prefix, and how it gets to this machine."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from wafer.errors import SourceNotFound, StoreUnavailable
from wafer.files import TEMPORARY, local_name
from wafer.store.opening import open_store
from wafer.store.protocol import is_s3, local_path


@dataclass(frozen=True, slots=True, order=True)
class Batch:
    """One file of a drop: its name (always valid Unicode), where it lies (path or `s3://`), its size in bytes.

    `version` changes with the content of an S3 object; nothing tells that of a file on disk but the file itself.
    """

    name: str
    uri: str
    bytes: int
    version: str = field(default="", compare=False)


def list_batches(source: str) -> list[Batch]:
    """Every file directly below a folder or an S3 prefix, sorted by name; an empty list when there is none.

    `SourceNotFound` when the folder or bucket is missing, is a file, or cannot be read. (S3 has no folders: a prefix
    without objects is an empty list.)
    """
    return sorted(_list_s3(source) if is_s3(source) else _list_folder(source))


def fetch(batch: Batch, folder: Path) -> Path:
    """Path of a batch on this machine: a local file in place, not copied; an S3 object downloaded into the folder."""
    if not is_s3(batch.uri):
        return Path(batch.uri)
    bucket, _, key = batch.uri.removeprefix("s3://").partition("/")
    path = folder / local_name(batch.name)
    open_store(f"s3://{bucket}").download(key, path)
    return path


def _list_s3(source: str) -> Iterator[Batch]:
    from wafer.store import s3, s3_failures  # boto3: 0.3 s

    store = s3.S3Store.at(source)
    try:
        found = store.children()
    except StoreUnavailable as exc:
        if s3_failures.lacks_bucket(exc):
            raise SourceNotFound(f"There is no bucket for {source}. Give the prefix with the CSV batches.") from exc
        raise
    for item in found:
        yield Batch(item.key, f"{store.uri}/{item.key}", item.bytes, item.version)


def _list_folder(source: str) -> Iterator[Batch]:
    folder = local_path(source)
    try:
        with os.scandir(folder) as entries:
            found = [(Path(entry), entry.stat().st_size) for entry in entries if _is_batch(entry)]
    except FileNotFoundError as exc:
        raise SourceNotFound(f"There is no folder {folder}. Give the folder with the CSV batches.") from exc
    except NotADirectoryError as exc:
        raise SourceNotFound(f"{folder} is a file. Give the folder that holds it.") from exc
    except OSError as exc:
        raise SourceNotFound(f"The folder {folder} cannot be read: {exc.strerror}. Check its permissions.") from exc
    for path, size in found:
        yield Batch(os.fsencode(path.name).decode("utf-8", "backslashreplace"), str(path), size)


def _is_batch(entry: os.DirEntry[str]) -> bool:
    return Path(entry).is_file() and not entry.name.startswith(TEMPORARY)
