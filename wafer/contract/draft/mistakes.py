"""Tables that can be read and would mean nothing: on their side, one reading a row, a header alone; and what to do."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain

from wafer.contract.columns import loosely
from wafer.contract.draft.columns import Column
from wafer.contract.draft.samples import Excerpt
from wafer.contract.words import ID_NAMES, LABEL_NAMES, LABEL_PAIRS, PARAMETER_NAMES

_MOSTLY = 0.9
_MEASURE = re.compile(r"[<>~]?\s*[+-]?[0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?\s*[^\d\s.,:/-]\S{0,7}")
_SENTINEL = re.compile(r"-?9{3,}([.,]0+)?|-1[eE]\+?30")
_NEARLY = {  # what is nearly a number
    r"\u2212[0-9].*": "its minus sign (U+2212) is that of a text. Export numbers with `-` in front.",
    r"[+-]?[0-9][0-9.,]*[dD][+-]?[0-9]+": "its exponents are Fortran's. Export them with E instead of D.",
    r"'[+-]?[0-9].*": "the `'` makes it a text of a spreadsheet. Export the values without it.",
    r"[+-]?[0-9][0-9.,]*\s*[^\d\s.,:/-]\S{0,7}": "its unit stands in the field. Export the numbers alone.",
    r'="?[+-]?[0-9][0-9.,]*"?': "it is a formula of a spreadsheet. Export the values, without `=`.",
}
_OFTEN = 3
_LISTED = 3


def no_rows(samples: Sequence[Excerpt]) -> str:
    """What is wrong with tables of headers alone; empty where there are rows."""
    if any(sample.rows for sample in samples):
        return ""
    return (
        f"`{samples[0].name}` has a header but not a single row, which shows nothing. Give files with wafers in them."
    )


def on_its_side(samples: Sequence[Excerpt]) -> str:
    """What to do with a table whose rows are the sensors and whose columns are the wafers; empty for any other."""
    for sample in samples:
        if sample.header and (loosely(sample.header[0]) in PARAMETER_NAMES or _has_row_of_outcomes(sample)):
            return (
                f"`{sample.name}` stands on its side: its rows are sensors, its columns are wafers. Transpose it (in a "
                "spreadsheet: copy, paste special, transpose), so that each wafer is a row."
            )
    return ""


def one_reading_a_row(columns: Sequence[Column], sensors: Sequence[Column]) -> str:
    """What to do with a table that has a row for each reading; empty for any other."""
    if len(sensors) != 1:
        return ""
    others = [column for column in columns if column is not sensors[0]]
    names = [column for column in others if not column.is_numeric and column.key not in ID_NAMES]
    for parameter in names:
        for wafer in others:
            if wafer is not parameter and _is_grid(parameter, wafer):
                return (
                    f"Each row has one reading, named by `{parameter.name}`, so a wafer has many rows. Pivot the table "
                    f'(in pandas: `table.pivot(index="{wafer.name}", columns="{parameter.name}", '
                    f'values="{sensors[0].name}")`), so that each wafer is a row.'
                )
    return ""


def no_numbers(columns: Sequence[Column]) -> str:
    """Why columns of tables hold no readings, and what to do."""
    seen = [(column, text) for column in columns for text in list(column.texts)[:_LISTED]]
    for pattern, reason in _NEARLY.items():
        for column, text in seen:
            if re.fullmatch(pattern, text):
                return f"`{column.name}` holds `{text}`: {reason}"
    listed = ", ".join(f"`{column.name}` holds `{text}`" for column, text in seen[:_LISTED])
    return f"{listed}. Export readings as plain numbers, one column a sensor." if listed else ""


def told_apart(samples: Sequence[Excerpt], twice: Sequence[str]) -> str:
    """How columns of one name can have two, which the line above the header tells; empty where it does not."""
    for sample in samples:
        groups = _repeated(sample.above)
        names = [f"{group} {name}" for group, name in zip(groups, sample.header, strict=False) if name in twice]
        if len({*names}) == len(names) > 1:
            return (
                "The line above the header tells them apart: write both into one line in the export, as in "
                f"`{names[0]}`, and draft again."
            )
    return ""


def _repeated(cells: Sequence[str]) -> Iterator[str]:
    """Cells with the one to their left where they are empty, as merged ones mean."""
    left = ""
    for cell in cells:
        left = cell or left
        yield left


def with_units(columns: Sequence[Column]) -> Iterator[str]:
    """Columns of numbers that have their unit in every field."""
    found = [column for column in columns if _share(column, _MEASURE) >= _MOSTLY and not column.is_time]
    if found:
        listed = ", ".join(f"`{column.name}` (`{next(iter(column.texts))}`)" for column in found[:_LISTED])
        yield f"Numbers with units are no readings, and no model learns from them: {listed}. Export them without."


def stand_ins(sensors: Sequence[Column]) -> Iterator[str]:
    """Numbers such as -9999 that may stand for missing readings."""
    found: Counter[str] = Counter()
    for sensor in sensors:
        found.update({text: times for text, times in sensor.texts.items() if _SENTINEL.fullmatch(text)})
    for text, times in found.most_common(_LISTED):
        if times >= _OFTEN:
            yield (
                f'`{text}` stands {times} times in the sampled readings. If it means a missing one, write "{text}" '
                "under `readings: {missing: […]}` in the policy."
            )


def _has_row_of_outcomes(sample: Excerpt) -> bool:
    words = [set(pair) for pair in LABEL_PAIRS] + [{"-1", "1"}]
    rows = [row for row in sample.rows if row and loosely(row[0]).replace("/", "") in LABEL_NAMES]
    return any(
        len(row) > _OFTEN and any({cell.casefold() for cell in row[1:]} <= pair for pair in words) for row in rows
    )


def _is_grid(parameter: Column, wafer: Column) -> bool:
    """Whether every row is another pair of wafer and parameter, and both repeat."""
    names, ids = list(chain.from_iterable(parameter.values)), list(chain.from_iterable(wafer.values))
    pairs = set(zip(names, ids, strict=False))
    many = 2 * len(set(names)) <= len(names) and 2 * len(set(ids)) <= len(ids)
    return many and len(set(names)) > _OFTEN and len(pairs) >= _MOSTLY * len(names)


def _share(column: Column, pattern: re.Pattern[str]) -> float:
    total = column.texts.total()
    return sum(times for text, times in column.texts.items() if pattern.fullmatch(text)) / total if total else 0.0
