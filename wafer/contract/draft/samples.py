"""The first rows of an export, and how its text is written: packed, encoded, delimited, with which header."""

import codecs
import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from wafer.contract.bars import has_bars_around, without_bars_around
from wafer.contract.draft.delimiters import SIGNS, announced, delimiter_of, fields_of
from wafer.contract.draft.numbers import number_signs
from wafer.contract.draft.shape import has_header, has_row_names, line_of_names, lines_with_units, mark_before, table_at
from wafer.contract.encodings import encoding_of
from wafer.contract.text import Delimiter, Text
from wafer.contract.workbook import MAGIC, NotAWorkbook, lines_of, sheets_of

_HEAD = 4 * 2**20  # bytes
_CELLS = 400_000  # of one sample
_LEAST_ROWS = 40
_MOST_LINES = 2_000
_OUTCOMES = 3  # two, and the name of their column
_TITLES = 20  # lines that may stand before a header
_GZIP = b"\x1f\x8b"
_LINE_END = re.compile(r"\r\n|\n|\r")
_LONGEST_CELL = 20  # lines
_MOSTLY = 0.5


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The first rows of a file as cells; `header` is empty where the file has none."""

    name: str
    text: Text
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    whole: bool  # whether these are all rows
    other_sheets: tuple[str, ...] = ()  # of a workbook, with cells in them
    above: tuple[str, ...] = ()  # the line before the header

    @property
    def width(self) -> int:
        """How many columns a row has."""
        return len(self.header) if self.header else max(map(len, self.rows), default=0)

    @property
    def ends_empty(self) -> bool:
        """Whether most rows have cells at their end that the header does not name."""
        longer = sum(len(row) > len(self.header) for row in self.rows)
        return bool(self.header) and longer > _MOSTLY * len(self.rows)


def take_sample(path: Path, name: str) -> Excerpt | None:
    """The first rows of a file; None where it is no table."""
    with path.open("rb") as file:
        begin = file.read(4)
    if begin.startswith(MAGIC):
        return _of_workbook(path, name)
    text, lines, whole = _lines(path, packed=begin.startswith(_GZIP))
    return _of_lines(name, text, lines, whole=whole)


def _of_workbook(path: Path, name: str) -> Excerpt | None:
    try:
        sheets = sheets_of(path)
        largest = max(sheets, key=lambda sheet: sheets[sheet])
        text = Text(workbook=True, sheet="" if largest == next(iter(sheets)) else largest)
        lines = [line.rstrip("\n") for line in lines_of(path, text, _MOST_LINES)]
    except NotAWorkbook:
        return None
    found = _of_lines(name, text, lines, whole=len(lines) < _MOST_LINES, delimiters=(",",))
    others = tuple(sheet for sheet, cells in sheets.items() if cells and sheet != largest)
    return replace(found, other_sheets=others) if found else None


def _lines(path: Path, *, packed: bool) -> tuple[Text, list[str], bool]:
    """What is known of the text by its bytes, its first lines, and whether these are all."""
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            head = file.read(_HEAD)
            whole = len(head) < _HEAD
    except (OSError, EOFError):
        return Text(), [], True
    encoding = encoding_of(head)
    if encoding is None:
        return Text(), [], True
    try:
        content = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)().decode(head)
    except UnicodeDecodeError:
        return Text(), [], True
    joined = _a_line_a_row(content)
    lines = _LINE_END.split(joined)
    found = lines if whole else lines[:-1]
    text = Text(
        encoding=encoding,
        compression="gzip" if packed else "none",
        quoted_line_ends="refuse" if joined == content else "blank",
    )
    return text, found[:_MOST_LINES], whole and len(found) <= _MOST_LINES


def _a_line_a_row(content: str) -> str:
    """The text with blanks for line ends in quotes; as it is where quotes are no pairs."""
    parts = content.split('"')
    quoted = [_LINE_END.sub(" ", part) for part in parts[1::2]]
    if any(len(_LINE_END.findall(part)) > _LONGEST_CELL for part in parts[1::2]):
        return content
    parts[1::2] = quoted
    return '"'.join(parts)


def _of_lines(
    name: str, text: Text, lines: Sequence[str], *, whole: bool, delimiters: Sequence[Delimiter] = SIGNS
) -> Excerpt | None:
    if not any(line.strip() for line in lines):
        return None
    if drawn := has_bars_around(lines):
        lines, delimiters = without_bars_around("\n".join(lines).encode()).decode().split("\n"), ("|",)
    filled = [number for number, line in enumerate(lines) if line.strip()]
    named = announced(lines[filled[0]])
    places = filled[1:] if named else filled
    body = [lines[number] for number in places]
    delimiter = named or (delimiter_of(body[: _LEAST_ROWS + _TITLES], delimiters) if body else None)
    if not body or (delimiter is None and len(set(body)) > _OUTCOMES):
        return None
    delimiter = delimiter or ","  # one column: outcomes alone
    first = [fields_of(line, delimiter) for line in islice(body, _TITLES + _LEAST_ROWS)]
    titles, width = table_at(first)
    titles = line_of_names(first, titles)
    row_names = has_row_names(first, titles)
    titles -= row_names
    most = max(_LEAST_ROWS, _CELLS // width)
    rows = [fields_of(line, delimiter) for line in islice(body, titles, titles + most)]
    if mark := mark_before(body[titles], len(first[-1]), lambda line: fields_of(line, delimiter)):
        rows[0] = fields_of(body[titles].lstrip().removeprefix(mark).lstrip(), delimiter)
    rows[0] = ["", *rows[0]] if row_names else rows[0]
    header = has_header(rows)
    units = lines_with_units(rows[1:]) if header else 0
    found = rows[1 + units :] if header else rows
    while whole and found and len(found[-1]) == 1 < width:
        found.pop()  # a line below the table, as `(30 rows)`
    signs = number_signs(found)
    form: dict[str, object] = {
        "delimiter": delimiter,
        "bars_around": drawn,
        "lines_before_header": places[titles],
        "lines_after_header": places[titles + units] - places[titles],
        "header": header,
        "header_mark": mark if header else "",
        "row_names": row_names and header,
        "decimal": signs.decimal,
        "thousands": signs.thousands,
    }
    complete = whole and len(rows) == len(body) - titles
    names, above = (tuple(rows[0]), tuple(first[titles - 1]) if titles else ()) if header else ((), ())
    return Excerpt(name, text.model_copy(update=form), names, tuple(map(tuple, found)), complete, above=above)
