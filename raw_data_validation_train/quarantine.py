"""What must not go on, kept with its reasons: refused files as they came, and bad rows of good files as CSV."""

import csv
import heapq
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from raw_data_validation_train.verdicts import BadRow, RowCode

COLUMNS = ("file", "line", "wafer", "code", "message", "raw")
_RISKY = ("=", "+", "-", "@", "\t", "\r", "'")  # a spreadsheet runs such a cell as a formula, or hides the quote


class BadRows:
    """The `<stem>.rows.csv` of one file, written row by row; without rows there is no file."""

    def __init__(self, path: Path, file: str) -> None:
        self.path = path
        self._part = path.with_name(f".{path.name}.part")
        self._file = file
        self._handle = self._part.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        self._writer = csv.writer(self._handle, lineterminator="\n")
        self._writer.writerow(COLUMNS)
        self._empty = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._handle.close()
        if kind is None and not self._empty:
            self._part.replace(self.path)
        else:
            self._part.unlink()

    def write(self, rows: Iterable[BadRow]) -> None:
        """Append rows; text cells are safe to open in a spreadsheet."""
        for row in rows:
            self._empty = False
            texts = (safe_cell(row.wafer), row.code, safe_cell(row.message), safe_cell(row.raw))
            self._writer.writerow((safe_cell(self._file), row.line, *texts))

