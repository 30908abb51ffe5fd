"""A sealed folder: every file named with its sha256, and nothing else in it.

`seal` writes the list last, `verify` checks all of it before anybody parses a byte.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar, Literal, TypeVar

from pydantic import ConfigDict

from wafer.errors import BundleRejected
from wafer.files import sha256_of
from wafer.model.codec import JsonObject, from_json, to_json

T = TypeVar("T")
SEAL = "bundle.json"
FORMAT: Literal[1] = 1
_SEAL_LIMIT = 4 << 20


@dataclass(frozen=True, slots=True)
class Seal:
    """The sha256 of every file of a bundle, what its maker says about it, and the digest of both."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    format: Literal[1]
    digest: str
    files: dict[str, str]
    about: JsonObject  # as it was read: the digest is of its text


def write_json(path: Path, data: object) -> None:
    """Write JSON whose bytes depend on the data alone; floats keep every bit."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(to_json(data), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path, kind: type[T]) -> T:
    """Read a file of a bundle. Raises BundleRejected when it is not JSON, or not of that kind."""
    try:
        return from_json(kind, json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise BundleRejected(
            f"{path.name} of the model bundle cannot be read; it was altered, or written by an incompatible version. "
            "Fetch the bundle again from the registry, or train again."
        ) from error


def seal(folder: Path, about: object) -> str:
    """List every file of the folder in `bundle.json`; return the bundle's digest."""
    files = {path.relative_to(folder).as_posix(): sha256_of(path) for path in _files(folder)}
    digest = _digest(files, about)
    write_json(folder / SEAL, {"format": FORMAT, "digest": digest, "files": files, "about": to_json(about)})
    return digest


def verify_bundle(folder: Path, expected_digest: str | None = None) -> Seal:
    """Check a sealed folder completely and return its seal.

    Raises BundleRejected for a missing, extra or altered file, a path that leads out of the folder, a link, an unknown
    format, or another digest than the expected one.
    """
    found = _read_seal(folder)
    _check_names(folder, found.files)
    for name, sha256 in sorted(found.files.items()):
        if sha256_of(folder / name) != sha256:
            raise _rejected(f"{name} was altered after training")
    digest = _digest(found.files, found.about)
    if digest != found.digest or expected_digest not in (None, digest):
        raise _rejected(f"its digest is {digest[:12]}, not the one it was registered with")
    return found


def _read_seal(folder: Path) -> Seal:
    path = folder / SEAL
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _SEAL_LIMIT:
        raise _rejected(f"it has no {SEAL}")
    return read_json(path, Seal)


def _check_names(folder: Path, files: Mapping[str, str]) -> None:
    for name in files:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or path.as_posix() != name or name == SEAL:
            raise _rejected(f"it names a path outside itself: {name!r}")
    found = {path.relative_to(folder).as_posix() for path in _files(folder)} - {SEAL}
    if missing := sorted(set(files) - found):
        raise _rejected(f"{missing[0]} is missing")
    if extra := sorted(found - set(files)):
        raise _rejected(f"it holds a file nobody recorded: {extra[0]}")


def _files(folder: Path) -> Iterator[Path]:
    for base, folders, names in os.walk(folder):
        for name in (*folders, *names):
            if (Path(base) / name).is_symlink():
                raise _rejected(f"{name} is a link")
        yield from (Path(base) / name for name in sorted(names))


def _digest(files: Mapping[str, str], about: object) -> str:
    lines = [f"{sha256}  {name}\n" for name, sha256 in sorted(files.items())]
    lines.append(json.dumps(to_json(about), sort_keys=True, ensure_ascii=False))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _rejected(fact: str) -> BundleRejected:
    return BundleRejected(f"The model bundle was not loaded: {fact}. Fetch it again from the registry, or train again.")
