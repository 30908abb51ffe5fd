"""The first rows of an export, and how its text is written: packed, encoded, delimited, with which header."""

import codecs
import csv
import gzip
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import Literal

from wafer.contract.draft.numbers import number_signs
from wafer.contract.text import Text
from wafer.contract.words import MISSING_WORDS
from wafer.contract.workbook import MAGIC, NotAWorkbook, lines_of

Delimiter = Literal[",", ";", "\t", "|", " "]
_HEAD = 4 * 2**20  # bytes
_CELLS = 400_000  # of one sample
_LEAST_ROWS = 40
_MOST_LINES = 2_000
_OUTCOMES = 3  # two, and the name of their column
_TITLES = 20  # lines that may stand before a header
_GZIP = b"\x1f\x8b"
_SIGNS: tuple[Delimiter, ...] = (";", "\t", "|", ",", " ")
_NUMBER = re.compile(r"[+-]?([0-9]+([.,][0-9]*)*|[.,][0-9]+)([eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Sample:
    """The first rows of a file as cells; `header` is empty where the file has none."""

    name: str
    text: Text
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    whole: bool  # whether these are all rows

    @property
    def width(self) -> int:
        """How many columns a row has."""
        return len(self.header) if self.header else max(map(len, self.rows), default=0)


def take_sample(path: Path, name: str) -> Sample | None:
    """The first rows of a file; None where it is no table."""
    with path.open("rb") as file:
        begin = file.read(4)
    if begin.startswith(MAGIC):
        return _of_workbook(path, name)
    text, lines, whole = _lines(path, packed=begin.startswith(_GZIP))
    return _of_lines(name, text, lines, whole=whole)


def _of_workbook(path: Path, name: str) -> Sample | None:
    text = Text(workbook=True)
    try:
        lines = [line.rstrip("\n") for line in lines_of(path, text, _MOST_LINES)]
    except NotAWorkbook:
        return None
    return _of_lines(name, text, lines, whole=len(lines) < _MOST_LINES, delimiters=(",",))


def _lines(path: Path, *, packed: bool) -> tuple[Text, list[str], bool]:
    """What is known of the text by its bytes, its first lines, and whether these are all."""
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            head = file.read(_HEAD)
            whole = len(head) < _HEAD
    except (OSError, EOFError):
        return Text(), [], True
    encoding = _encoding(head)
    if encoding is None:
        return Text(), [], True
    content = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)().decode(head)
    lines = content.splitlines()
    found = lines if whole else lines[:-1]
    text = Text(encoding=encoding, compression="gzip" if packed else "none")
    return text, found[:_MOST_LINES], whole and len(found) <= _MOST_LINES


def _encoding(head: bytes) -> Literal["utf-8", "utf-16", "latin-1"] | None:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in head:
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _of_lines(
    name: str, text: Text, lines: Sequence[str], *, whole: bool, delimiters: Sequence[Delimiter] = _SIGNS
) -> Sample | None:
    if not any(line.strip() for line in lines):
        return None
    filled = [number for number, line in enumerate(lines) if line.strip()]
    announced = _announced(lines[filled[0]])
    places = filled[1:] if announced else filled
    body = [lines[number] for number in places]
    delimiter = announced or _delimiter(body, delimiters)
    if delimiter is None and len(set(body)) > _OUTCOMES:
        return None
    delimiter = delimiter or ","  # one column: outcomes alone
    titles, width = _shape([_cells(line, delimiter) for line in islice(body, _TITLES + _LEAST_ROWS)])
    most = max(_LEAST_ROWS, _CELLS // width)
    rows = [_cells(line, delimiter) for line in islice(body, titles, titles + most)]
    header = has_header(rows)
    found = rows[1:] if header else rows
    signs = number_signs(found)
    form: dict[str, object] = {
        "delimiter": delimiter,
        "lines_before_header": places[titles],
        "header": header,
        "decimal": signs.decimal,
        "thousands": signs.thousands,
    }
    complete = whole and len(rows) == len(body) - titles
    return Sample(
        name, text.model_copy(update=form), tuple(rows[0]) if header else (), tuple(map(tuple, found)), complete
    )


def _shape(table: Sequence[Sequence[str]]) -> tuple[int, int]:
    """How many lines stand before the table, and how many columns it has.

    Rows may have empty cells that the header does not name.
    """
    width = Counter(map(len, table)).most_common(1)[0][0]
    short = len(table[0])
    if 1 < short < width and not any(any(row[short:]) for row in table):
        return 0, short
    return next(n for n, row in enumerate(table) if len(row) >= width), width


def _announced(line: str) -> Delimiter | None:
    """The delimiter that a line `sep=;` names."""
    sign = line.strip('"').lower().partition("sep=")
    return next((each for each in _SIGNS if sign[0] == "" and sign[2] == each), None)


def _delimiter(lines: Sequence[str], signs: Sequence[Delimiter]) -> Delimiter | None:
    """The first sign that gives most lines the same number of cells, and the header more than one."""
    for sign in signs:
        widths = Counter(len(_cells(line, sign)) for line in lines[: _LEAST_ROWS + _TITLES])
        width, times = widths.most_common(1)[0]
        if width > 1 and times >= 0.6 * widths.total():
            return sign
    return None


def _cells(line: str, delimiter: str) -> list[str]:
    if '"' not in line:
        return [cell.strip() for cell in line.split(delimiter)]
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row has names: it has none where it holds numbers in columns of numbers.

    Names can be numbers too (0, 1, 2 ...); they count up.
    """
    if len(rows) < 2:
        return True
    first, second = rows[0], rows[1]
    numeric = [(top, below) for top, below in zip(first, second, strict=False) if _is_value(below)]
    same = [top for top, _ in numeric if _is_value(top)]
    if not numeric:
        return len(set(first)) == len(first)
    return len(same) <= len(numeric) // 2 or _counts_up(same)


def _counts_up(names: Sequence[str]) -> bool:
    """Whether numbers are consecutive, as names that a table numbered itself."""
    if not all(name.isdecimal() for name in names) or len(names) < 3:
        return False
    return all(int(after) - int(before) == 1 for before, after in pairwise(names))


def _is_value(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None or cell.lower() in MISSING_WORDS
