"""Which places a caller may name: the store's own raw/ and the configured sources, however anything is spelled."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from application.errors import SourceNotAllowed
from application.runs.run import CONTRACT, Parameters
from wafer.errors import SourceEmpty
from wafer.runs import Pipeline
from wafer.store import Store, list_batches
from wafer.store.layout import RAW

LONGEST = 1000
# A letter or digit first, so that no part is hidden, an option or a way up; no slash, colon, percent sign or backslash.
_PART = re.compile(r"[^\W_](?:[\w.+=@(), -]{0,126}[\w+=@)-])?")


@dataclass(frozen=True, slots=True)
class BatchSet:
    """A folder of batches that a run can use; `source` is its name in requests."""

    source: str
    pipeline: Pipeline
    files: int
    bytes: int


class Sources:
    """The store's raw/ prefixes, and other allowed roots (folders or s3:// prefixes)."""

    def __init__(self, store: Store, extra: Iterable[str] = ()) -> None:
        self._store = store
        self._extra = tuple(root.rstrip("/") if "://" in root else str(Path(root).absolute()) for root in extra)

    def batches(self, named: str) -> str:
        """The address behind a source's name; every pipeline reads any batch set. Raises `SourceNotAllowed`."""
        return self._address(named)

    def parameters(self, named: Parameters) -> Parameters:
        """A run's parameters, with the addresses behind its schema and policy. Raises `SourceNotAllowed`."""
        return {
            name: self._address(str(value)) if name in CONTRACT and value else value for name, value in named.items()
        }

    def require_batches(self, address: str, named: str) -> None:
        """Raise `SourceNotFound` or `SourceEmpty` now, and not minutes later in the first stage."""
        if not list_batches(address):
            raise SourceEmpty(
                f"{named} has no files directly in it. Upload batches there first, or name another source."
            )

    def shown(self, address: str) -> str:
        """An address as callers name it: relative to the store where it lies there."""
        return address.removeprefix(f"{self._store.uri}/")

    def sets(self, pipeline: Pipeline) -> list[BatchSet]:
        """The batch sets in the store: those uploaded for a pipeline first, then those for others, by name."""
        return [each for of in sorted(RAW, key=lambda of: of != pipeline) for each in self._sets(of)]

    def _sets(self, pipeline: Pipeline) -> list[BatchSet]:
        counted: dict[str, list[int]] = {}
        for item in self._store.keys(RAW[pipeline]):
            counted.setdefault(item.key.rpartition("/")[0], []).append(item.bytes)
        return [BatchSet(name, pipeline, len(sizes), sum(sizes)) for name, sizes in sorted(counted.items())]

    def _address(self, named: str) -> str:
        text = named.removesuffix("/")
        if len(text) <= LONGEST:
            for prefix in RAW.values():
                if _lies_in(text, prefix):
                    return self._inside(self._store.uri, f"{self._store.uri}/{text}", named)
            for root in (*(f"{self._store.uri}/{prefix}" for prefix in RAW.values()), *self._extra):
                if _lies_in(text, root):
                    return self._inside(root, text, named)
        raise _refused(named)

    def _inside(self, root: str, address: str, named: str) -> str:
        """The address, unless a link in a local folder leads out of its root."""
        if "://" not in root and not Path(address).resolve().is_relative_to(Path(root).resolve()):
            raise _refused(named)
        return address


def _lies_in(text: str, root: str) -> bool:
    if text == root:
        return True
    inner = text.removeprefix(f"{root}/")
    return inner != text and all(_PART.fullmatch(part) for part in inner.split("/"))


def _refused(named: str) -> SourceNotAllowed:
    return SourceNotAllowed(
        f"{named[:200]!r} is not an allowed source. Use a batch set as `GET /sources` names it, like "
        f"{RAW['train']}/NAME, or a place inside one that WAFER_SOURCES lists."
    )
