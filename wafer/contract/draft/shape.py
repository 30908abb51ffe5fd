"""Where a table begins among the lines of an export: titles above, header, lines with units below it."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise, takewhile
from statistics import median

from wafer.contract.bars import is_rule
from wafer.contract.text import MARKS
from wafer.contract.words import MISSING_WORDS, UNIT_LINES

_NUMBER = re.compile(r"[+-]?([0-9]+([.,][0-9]*)*|[.,][0-9]+)([eE][+-]?[0-9]+)?")
_HALF = 0.5
_MOST_UNITS = 5
_FEW = 8  # numbers that may rise by chance
Row = Sequence[str]


def table_at(table: Sequence[Row]) -> tuple[int, int]:
    """How many lines stand before the table, and how many columns it has.

    Titles fill few cells, also where a workbook makes all rows equally long. Rows may have empty cells that the header
    does not name.
    """
    width = Counter(map(len, table)).most_common(1)[0][0]
    usual = median(map(_filled, table))
    for at, row in enumerate(table):
        short = 1 < len(row) < width and not any(any(other[len(row) :]) for other in table[at + 1 :])
        if _filled(row) >= _HALF * usual and (short or len(row) >= width):
            return at, len(row) if short else width
    return 0, width


def line_of_names(table: Sequence[Row], at: int) -> int:
    """Which line from there on is the header: of several lines of names, units or groups, the one with most names."""
    several = list(takewhile(lambda n: _holds_names(table[n], table[n + 1 :]), range(at, at + _MOST_UNITS)))
    return max(several, key=lambda n: len({*table[n]} - {""}), default=at)


def has_header(rows: Sequence[Row]) -> bool:
    """Whether the first row has names: it has none where it holds numbers in columns of numbers.

    Names can be numbers too (0, 1, 2 ...); they count up.
    """
    if len(rows) < 2:
        return True
    first, second = rows[0], rows[1]
    numeric = [(top, below) for top, below in zip(first, second, strict=False) if _is_value(below)]
    if not numeric:
        return len(set(first)) == len(first)
    same = [top for top, _ in numeric if _is_value(top)]
    return len(same) <= len(numeric) // 2 or _counts_up([name for name in first if _NUMBER.fullmatch(name)])


def has_row_names(table: Sequence[Row], at: int) -> bool:
    """Whether the row before the table has its names but for a first column without one, as R writes its row names."""
    if not at or len(table[at - 1]) != len(table[at]) - 1:
        return False
    first = [row[0] for row in table[at:]]
    return len(set(first)) == len(first) and has_header([["", *table[at - 1]], *table[at:]])


def mark_before(line: str, width: int, fields: Callable[[str], Row]) -> str:
    """The sign that stands before the names of a header, as `# wafer …`; empty where there is none."""
    for mark in MARKS:
        rest = line.lstrip().removeprefix(mark).lstrip()
        if line.lstrip().startswith(mark) and len(fields(rest)) == width and fields(rest)[0]:
            return mark
    return ""


def lines_with_units(rows: Sequence[Row]) -> int:
    """How many rows under the header are no wafers: units (`mV` where others have numbers), or limits by their name."""
    for count, row in enumerate(rows[: _MOST_UNITS + 1]):
        rest = rows[count + 1 :]
        if not rest or not (
            is_rule("|".join(row)) or _is_of_units(row, rest) or row[0].strip("[]()").casefold() in UNIT_LINES
        ):
            return count
    return 0


def _holds_names(row: Row, rest: Sequence[Row]) -> bool:
    numbers = [cell for cell in row if _NUMBER.fullmatch(cell)]
    return bool(rest) and (_is_of_units(row, rest) or (len(numbers) > _HALF * len(row) and _counts_up(numbers)))


def _is_of_units(row: Row, rest: Sequence[Row]) -> bool:
    """Whether most cells of a row are words in columns of numbers."""
    columns = [at for at, cell in enumerate(row) if _are_numbers([other[at] for other in rest if at < len(other)])]
    words = [at for at in columns if row[at] and not _is_value(row[at])]
    return len(words) > _HALF * len(columns)


def _are_numbers(cells: Sequence[str]) -> bool:
    values = [cell for cell in cells if cell and cell.lower() not in MISSING_WORDS]
    return bool(values) and sum(_NUMBER.fullmatch(cell) is not None for cell in values) > _HALF * len(values)


def _filled(row: Row) -> int:
    return sum(map(bool, row))


def _counts_up(names: Sequence[str]) -> bool:
    """Whether numbers are consecutive, as names that a table numbered itself; of many, some may be left out."""
    if not all(name.isdecimal() for name in names) or len(names) < 3:
        return False
    steps = [int(after) - int(before) for before, after in pairwise(names)]
    return all(step == 1 for step in steps) or (len(names) >= _FEW and min(steps) > 0)


def _is_value(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None or cell.lower() in MISSING_WORDS
