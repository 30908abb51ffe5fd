"""The signs inside numbers, as the cells of a sample show them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Literal

Decimal = Literal[".", ","]
Thousands = Literal["", ",", ".", " ", "'"]
_LOOKED_AT = 100_000  # cells
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+(?:[eE][+-]?[0-9]+)?")
_POINT = re.compile(r"[+-]?[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}([ ',.\u2019\u00a0\u202f])[0-9]{3}(?:\1[0-9]{3})*([.,][0-9]+)?")
_THOUSANDS: dict[str, Thousands] = {
    **{",": ",", ".": ".", " ": " ", "'": "'"},
    **{"\u2019": "'", "\u00a0": " ", "\u202f": " "},  # what spreadsheets write
}


@dataclass(frozen=True, slots=True)
class Signs:
    """The decimal and the thousands sign."""

    decimal: Decimal = "."
    thousands: Thousands = ""


def number_signs(rows: Iterable[Sequence[str]]) -> Signs:
    """The signs that most numbers have. `1,234` alone tells neither: then it is a decimal comma."""
    cells = [cell for cell in islice(chain.from_iterable(rows), _LOOKED_AT) if not cell.isdecimal()]
    points = sum(_POINT.fullmatch(cell) is not None for cell in cells)
    commas = sum(_COMMA.fullmatch(cell) is not None for cell in cells)
    grouped = [found for cell in cells if (found := _GROUPED.fullmatch(cell)) and _tells(found)]
    decimal: Decimal = "," if commas > points or any((each[2] or "").startswith(",") for each in grouped) else "."
    signs = [_THOUSANDS[each[1]] for each in grouped if each[1] != decimal]
    return Signs(decimal, signs[0] if signs else "")


def _tells(found: re.Match[str]) -> bool:
    """Whether a sign in front of three digits stands for thousands: `12.345,6` and `1'234` do, `1.234` does not."""
    return (bool(found[2]) and found[2][0] != found[1]) or found[1] not in ",."
