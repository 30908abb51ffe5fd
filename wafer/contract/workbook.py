"""A sheet of a workbook (.xlsx, .xls, .ods) as lines of text. The only module that knows python-calamine."""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, time, timedelta
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from wafer.contract.text import Text

MAGIC = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # how an .xlsx or .ods begins, and an .xls
_EXACT = 2**53  # above, a whole number has no digits of its own in a workbook
Cell = int | float | str | bool | date | time | timedelta


class NotAWorkbook(Exception):
    """The file cannot be read as a workbook, or has no sheet."""


def unpacked_bytes(path: Path) -> int:
    """How large the parts of a workbook are, which says what reading it costs; its own size where it is not packed."""
    if not zipfile.is_zipfile(path):
        return path.stat().st_size
    with zipfile.ZipFile(path) as packed:
        return sum(part.file_size for part in packed.infolist())


def sheets_of(path: Path) -> dict[str, int]:
    """The sheets of a workbook in their order, and how many cells each has. Raises NotAWorkbook."""
    try:
        with CalamineWorkbook.from_path(path) as book:
            sheets = {name: book.get_sheet_by_name(name) for name in book.sheet_names}
            return {name: sheet.total_height * sheet.total_width for name, sheet in sheets.items()}
    except (CalamineError, OSError, ValueError) as exc:
        raise NotAWorkbook(str(exc)) from exc


def lines_of(path: Path, text: Text, most: int | None = None) -> Iterator[str]:
    """The rows of its sheet as a CSV file of the form `text` would have them, without what is empty around them.

    The sheet is the one that `text` names, else the first.

    Raises NotAWorkbook.
    """
    try:
        with CalamineWorkbook.from_path(path) as book:
            sheet = book.get_sheet_by_name(text.sheet) if text.sheet else book.get_sheet_by_index(0)
            rows = sheet.to_python(nrows=most)
    except (CalamineError, IndexError, OSError, ValueError) as exc:
        raise NotAWorkbook(str(exc)) from exc
    for row in rows:
        yield _line([_written(cell, text) for cell in row], text.separator)


def _line(cells: list[str], delimiter: str) -> str:
    if not any(cells):
        return "\n"  # a blank line, which is no row
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="\n").writerow(cells)
    return line.getvalue()


def _written(cell: Cell, text: Text) -> str:
    if isinstance(cell, str):
        return " ".join(cell.splitlines())  # a row is a line
    if isinstance(cell, float):
        whole = cell.is_integer() and abs(cell) < _EXACT
        return str(int(cell)) if whole else repr(cell).replace(".", text.decimal)
    return str(cell)
