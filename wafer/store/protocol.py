"""What a store is, and what its addresses and keys look like."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from wafer import paths
from wafer.errors import ObjectNotFound, StoreUnavailable
from wafer.files import TEMPORARY

LONGEST_KEY = 1024  # bytes, the limit of S3


@dataclass(frozen=True, slots=True, order=True)
class StoredObject:
    """One object of a store: its key, its size in bytes, and what changes with its content where the store tells it."""

    key: str
    bytes: int
    version: str = field(default="", compare=False)


class Store(Protocol):
    """Objects by key below one address; a write is complete or invisible, and a key is never half of one.

    Every method raises `StoreUnavailable` when the store does not answer after its retries or refuses, and
    `ObjectNotFound` for something that is not a key (absolute, `..`, empty parts, NUL, not Unicode).
    """

    uri: str

    def put(self, key: str, data: bytes, *, only_if_absent: bool = False) -> None:
        """Write an object; `PublishConflict` if only an absent one may be written and other content is there."""

    def get(self, key: str) -> bytes:
        """Read a whole object; `ObjectNotFound` when there is none."""

    def part(self, key: str, start: int, length: int) -> bytes:
        """Read `length` bytes, at least one, from `start` on, fewer at the object's end; `ObjectNotFound` if none."""

    def upload(self, path: Path, key: str) -> None:
        """Write an object from a file of any size."""

    def download(self, key: str, path: Path) -> None:
        """Read an object of any size into a file, which appears complete or not at all; `ObjectNotFound` if none."""

    def keys(self, prefix: str) -> list[StoredObject]:
        """Every object below the folder `prefix` (all of them for an empty one), sorted by key."""

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""

    def delete_below(self, prefix: str) -> None:
        """Remove every object below the folder `prefix`; none is no error."""


def is_s3(uri: str) -> bool:
    """Whether an address means S3."""
    return uri.startswith("s3://")


def local_path(uri: str) -> Path:
    """Folder that a plain path or a `file:` address means, absolute; `StoreUnavailable` for any other scheme."""
    if not uri.strip():
        raise StoreUnavailable("The address of the store is empty: give a folder or s3://bucket/prefix.")
    if path := paths.local_path(uri):
        return path
    raise StoreUnavailable(f"{uri} is not a store this suite knows: give a folder or s3://bucket/prefix.")


def check_key(key: str) -> str:
    """Give the key back if it means one place below the store's address in every kind of store."""
    parts = key.split("/")
    if {"", ".", ".."} & set(parts) or "\0" in key or any(part.startswith(TEMPORARY) for part in parts):
        raise ObjectNotFound(
            f"{key!r} cannot be a key of a store: a key is a relative path without empty parts, '.', '..', NUL "
            f"or a part that begins with {TEMPORARY!r}."
        )
    try:
        size = len(key.encode())
    except UnicodeEncodeError as exc:
        raise ObjectNotFound(f"{key!r} cannot be a key of a store: it is not valid Unicode.") from exc
    if size > LONGEST_KEY:
        raise ObjectNotFound(f"{key[:80]!r}… cannot be a key of a store: it is longer than {LONGEST_KEY} bytes.")
    return key
