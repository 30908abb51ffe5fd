"""What a long benchmark has measured, kept in its folder, so that one that was stopped goes on from there."""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypedDict

from wafer.files import write_file

_RECORD = "measured.json"
_DEPTH = 2  # names are kept of the folder and of those in it; a stage leaves whole folders


class Taken(NamedTuple):
    """What a stage took; of the clusters, the one that needed most memory and the time of all."""

    stage: str
    wafers: int
    seconds: float
    cpu: float
    peak: float  # MiB
    disk: int  # bytes in the folder when the stage had ended


class _Record(TypedDict):
    """What lies in the folder as JSON."""

    conditions: Mapping[str, object]
    starts: list[str]
    taken: list[tuple[str, str, int, float, float, float, int]]  # a step, and the fields of `Taken`
    names: list[str]


class Kept:
    """The record of a folder that stages work in, made for one set of conditions; other conditions are refused.

    What a stage that was stopped has left is swept away, so that it begins again as it did the first time.
    """

    def __init__(self, folder: Path, conditions: Mapping[str, object], now: str) -> None:
        self.folder, self._path = folder, folder / _RECORD
        folder.mkdir(parents=True, exist_ok=True)
        if not self._path.exists():
            if any(folder.iterdir()):
                raise SystemExit(f"{folder} is not empty and holds no measurement; name another folder.")
            self._record: _Record = {"conditions": conditions, "starts": [], "taken": [], "names": [_RECORD]}
        else:
            self._record = json.loads(self._path.read_text(encoding="utf-8"))
        if self._record["conditions"] != conditions:
            raise SystemExit(f"{folder} was begun with {self._record['conditions']}; name another folder.")
        self._record["starts"].append(now)
        self._write()
        self._sweep()

    @property
    def begun(self) -> str:
        """When it was begun."""
        return str(self._record["starts"][0])

    @property
    def continued(self) -> list[str]:
        """When it went on after a stop."""
        return list(self._record["starts"][1:])

    def find(self, step: str) -> Taken | None:
        """Return what a step took, if it has ended before."""
        return next((Taken(*each[1:]) for each in self._record["taken"] if each[0] == step), None)

    def add(self, step: str, taken: Taken) -> None:
        """Note that a step has ended."""
        self._record["taken"].append((step, *taken))
        self._record["names"] = sorted(str(path.relative_to(self.folder)) for path in self._below(self.folder))
        self._write()

    def _write(self) -> None:
        write_file(self._path, json.dumps(self._record, indent=1).encode())

    def _sweep(self) -> None:
        """Remove what no step that ended had left."""
        known = set(self._record["names"])
        for path in list(self._below(self.folder)):
            if str(path.relative_to(self.folder)) not in known:
                remove(path)

    def _below(self, folder: Path, depth: int = _DEPTH) -> Iterator[Path]:
        for path in folder.iterdir():
            yield path
            if depth > 1 and path.is_dir():
                yield from self._below(path, depth - 1)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
