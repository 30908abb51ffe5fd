"""The manifest of a drop, `manifest.json`: every file's verdict, every quarantined row, and that no row got lost."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Generic, Literal, Protocol, TypeVar

from pydantic import TypeAdapter

from wafer.contract import Kind
from wafer.files import complete_file


@dataclass(frozen=True, slots=True)
class Totals:
    """Files and rows that came in, went on, and were stopped; the bytes of all files."""

    files: int
    files_good: int
    files_bad: int
    rows_in: int
    rows_good: int
    rows_quarantined: int
    bytes: int


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One file of the drop; `row_codes` counts its rows by the first reason against them."""

    name: str
    bytes: int
    sha256: str
    verdict: Literal["good", "bad"]
    codes: tuple[str, ...]
    messages: tuple[str, ...]
    warnings: tuple[str, ...]
    rows_in: int
    rows_good: int
    rows_quarantined: int
    row_codes: Mapping[str, int]
    silent_sensors: int


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One quarantined row; the header of its file is line 1."""

    file: str
    line: int
    wafer: str
    code: str
    message: str


class HasVerdict(Protocol):
    """A file that was judged."""

    @property
    def verdict(self) -> Literal["good", "bad"]:
        """Whether it is used."""


F = TypeVar("F", bound=HasVerdict)


class JudgedFiles(Generic[F]):
    """The files of a drop by their verdicts."""

    __slots__ = ()
    files: tuple[F, ...]

    @property
    def good(self) -> list[F]:
        """The files whose good rows are used."""
        return [file for file in self.files if file.verdict == "good"]

    @property
    def bad(self) -> list[F]:
        """The files that were refused."""
        return [file for file in self.files if file.verdict == "bad"]


@dataclass(frozen=True, slots=True)
class Manifest(JudgedFiles[ManifestFile]):
    """What became of a drop; its quarantined rows can be many and stay in the file.

    `spellings` are those that the contract accepts besides its own, the id column's first.
    """

    kind: Kind
    contract: str  # digest
    totals: Totals
    files_by_code: Mapping[str, int]
    rows_by_code: Mapping[str, int]
    files: tuple[ManifestFile, ...]
    spellings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # manifests of before do not say them

    def write(self, path: Path, rows: Iterable[ManifestRow]) -> None:
        """Write `manifest.json`; the rows stream through, so their number does not matter."""
        with complete_file(path, durable=False) as part, part.open("w", encoding="ascii") as file:
            file.writelines(self._pieces(rows))

    def _pieces(self, rows: Iterable[ManifestRow]) -> Iterator[str]:
        totals = self.totals
        counted = {name: getattr(totals, name) for name in ("rows_in", "rows_good", "rows_quarantined")}
        head = {
            "kind": self.kind,
            "contract": self.contract,
            "spellings": self.spellings,
            "totals": asdict(totals),
            "identity": {**counted, "holds": totals.rows_in == totals.rows_good + totals.rows_quarantined},
            "files_by_code": self.files_by_code,
            "rows_by_code": self.rows_by_code,
        }
        yield json.dumps(head, indent=2).removesuffix("\n}")
        yield ',\n  "files": '
        yield from _list(self.files)
        yield ',\n  "rows": '
        yield from _list(rows)
        yield "\n}\n"


def read_manifest(path: Path) -> Manifest:
    """Read what `Manifest.write` wrote."""
    return _MANIFEST.validate_json(path.read_bytes())


_MANIFEST = TypeAdapter(Manifest)


def _list(items: Iterable[ManifestFile | ManifestRow]) -> Iterator[str]:
    """A JSON list with one item a line."""
    between = "["
    for item in items:
        yield f"{between}\n    {json.dumps(asdict(item))}"
        between = ","
    yield "[]" if between == "[" else "\n  ]"
