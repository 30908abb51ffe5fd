"""The sign between the fields of sampled lines, and the fields."""

import csv
import re
from collections import Counter
from collections.abc import Sequence

from wafer.contract.text import Delimiter
from wafer.contract.whitespace import with_single_blanks

SIGNS: tuple[Delimiter, ...] = (";", "\t", "|", ",", " ")
_DECIMAL_COMMAS = re.compile(r"[0-9],[0-9]+[ \t]+[+-]?[0-9]+,[0-9]")
_MOST = 0.6
_HALF = 0.5


def announced(line: str) -> Delimiter | None:
    """The delimiter that a line `sep=;` names."""
    sign = line.strip('"').lower().partition("sep=")
    return next((each for each in SIGNS if sign[0] == "" and sign[2] == each), None)


def delimiter_of(lines: Sequence[str], signs: Sequence[Delimiter]) -> Delimiter | None:
    """The first sign that gives most lines the same number of fields, and the header more than one."""
    for sign in signs:
        found = _blanks(lines, sign) if sign in " \t" else sign
        if _agreeing(lines, found) >= _MOST and not (sign == "," and _have_decimal_commas(lines)):
            return found
    return None


def fields_of(line: str, delimiter: Delimiter) -> list[str]:
    """The fields of a line, without the blanks around them."""
    if delimiter == "whitespace":
        line, delimiter = with_single_blanks(line.encode()).decode(), " "
    if '"' not in line:
        return [field.strip() for field in line.split(delimiter)]
    return [field.strip() for field in next(csv.reader([line], delimiter=delimiter), [])]


def _blanks(lines: Sequence[str], sign: Delimiter) -> Delimiter:
    """The sign, or any whitespace where more lines agree by that; by as many, where several blanks follow another."""
    by_sign, by_any = _agreeing(lines, sign), _agreeing(lines, "whitespace")
    if sign == "\t" and by_sign < _MOST:
        return sign
    single = sign == "\t" or all(with_single_blanks(line.encode()) == line.encode() for line in lines)
    return "whitespace" if by_any > by_sign or (by_any == by_sign and not single) else sign


def _agreeing(lines: Sequence[str], sign: Delimiter) -> float:
    """The share of lines with as many fields as most; 0 where most have one."""
    widths = Counter(len(fields_of(line, sign)) for line in lines)
    width, times = widths.most_common(1)[0]
    return times / widths.total() if width > 1 else 0.0


def _have_decimal_commas(lines: Sequence[str]) -> bool:
    """Whether blanks stand between numbers with commas, as in `1,5 2,5`."""
    return sum(_DECIMAL_COMMAS.search(line) is not None for line in lines) > _HALF * len(lines)
