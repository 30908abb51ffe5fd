"""What must not be used, kept with its reasons: refused files as they came, and bad rows of good files as CSV."""

import csv
import heapq
import shutil
from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import TextIO

from raw_data_validation_train.verdicts import BadRow, RowCode
from wafer.cells import safe_cell, text_of
from wafer.files import UnfinishedFile, local_name, stem

_ROWS = ".rows.csv"
COLUMNS = ("file", "line", "wafer", "code", "message", "raw")


class Quarantine:
    """The quarantine folder of one drop: `<name>` for a refused file, `<stem>.rows.csv` for bad rows.

    `names` are those of the drop's files, or the ones kept of them: names that a list of rows must not take.
    """

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.names = tuple(sorted({name for name in names if name.endswith(_ROWS)}))

    def keep_file(self, path: Path, name: str) -> None:
        """Copy a refused file byte for byte."""
        shutil.copyfile(path, self._folder / local_name(name))

    def rows_path(self, name: str) -> Path:
        """Where the bad rows of a file are listed; never the place of a refused file."""
        own = stem(local_name(name))
        while f"{own}{_ROWS}" in self.names:
            own += "_"
        return self._folder / f"{own}{_ROWS}"

    def add_rows(self, name: str, rows: Iterable[BadRow]) -> None:
        """Add rows, in the order of their lines, to those already listed for the file."""
        path = self.rows_path(name)
        with RowList(path, name) as merged:
            merged.write(heapq.merge(self.rows(name), rows, key=attrgetter("line")))

    def rows(self, name: str) -> Iterator[BadRow]:
        """The listed rows of a file, one at a time."""
        path = self.rows_path(name)
        if not path.exists():
            return
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                wafer, message, raw = (text_of(row[column]) for column in ("wafer", "message", "raw"))
                yield BadRow(int(row["line"]), wafer, RowCode(row["code"]), message, raw)


class RowList:
    """A `rows.csv` being written row by row; it appears when closed, and not at all without rows."""

    def __init__(self, path: Path, name: str) -> None:
        self._unfinished = UnfinishedFile(path, durable=False)
        self._name = safe_cell(name)
        self._file: TextIO | None = None

    def __enter__(self) -> "RowList":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, rows: Iterable[BadRow]) -> None:
        """Append rows; their text cells are safe to open in a spreadsheet."""
        for row in rows:
            if self._file is None:
                self._file = self._unfinished.part.open("w", encoding="utf-8", newline="")
                csv.writer(self._file, lineterminator="\n").writerow(COLUMNS)
            texts = (safe_cell(row.wafer), row.code, safe_cell(row.message), safe_cell(row.raw))
            csv.writer(self._file, lineterminator="\n").writerow((self._name, row.line, *texts))

    def close(self) -> None:
        """Let the list appear."""
        if self._file is not None:
            self._file.close()
            self._unfinished.keep()

    def discard(self) -> None:
        """Forget the rows."""
        if self._file is not None:
            self._file.close()
            self._unfinished.discard()
