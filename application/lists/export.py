"""The wafers of a list as a file: one row a wafer, one column a reason; no text is taken for a formula.

The service loads it with the first file.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite

import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter

from application.errors import RequestInvalid
from application.lists.context import context_of
from application.lists.forms import Form
from wafer.cells import safe_cell

Cell = str | int | float | bool | None
AT_ONCE = 10_000  # rows
MOST_REASONS = 20  # columns
MOST_LINES = 2**20 - 1  # of a sheet below its head; what is beyond would be left out without a word
_BEFORE = ("rank", "wafer", "verdict", "probability", "threshold", "cluster", "distance_percentile", "file")
_AFTER = ("in_training", "note", "model_version", "run_id")


def exported(table: pa.Table, form: Form, dispositions: Mapping[tuple[str, str], str]) -> bytes:
    """The wafers as the content of a file; `dispositions` are by a wafer's name and file.

    Raises `RequestInvalid` for more wafers than a workbook takes.
    """
    if form == "xlsx" and len(table) > MOST_LINES:
        raise RequestInvalid(f"A workbook takes {MOST_LINES:,} wafers, and these are {len(table):,}. Take form=csv.")
    return {"csv": _csv, "xlsx": _xlsx}[form](list(_rows(table, dispositions)))


def _rows(table: pa.Table, dispositions: Mapping[tuple[str, str], str]) -> Iterator[Sequence[Cell]]:
    """The head, and a row for each wafer."""
    reasons = min(_most_reasons(table), MOST_REASONS)
    context = context_of(table)
    columns = [name for name in (*_BEFORE, *context.values(), *_AFTER) if name in table.column_names]
    heads = [next((line for line, held in context.items() if held == name), name) for name in columns]
    yield (
        [safe_cell(head) for head in heads] + ["disposition"] + [f"reason_{number}" for number in range(1, reasons + 1)]
    )
    for start in range(0, len(table), AT_ONCE):
        for row in table.slice(start, AT_ONCE).to_pylist():
            told = [_reason(each) for each in (row["top_sensors"] or [])[:reasons]]
            cells = [_cell(row[name]) for name in columns]
            decided = dispositions.get((row["wafer"], row["file"]), "")
            yield [*cells, decided, *map(safe_cell, told), *[""] * (reasons - len(told))]


def _most_reasons(table: pa.Table) -> int:
    return int(pc.max(pc.list_value_length(table["top_sensors"])).as_py() or 0)


def _cell(value: Cell) -> Cell:
    return safe_cell(value) if isinstance(value, str) else value


def _reason(reason: dict[str, float | str | None]) -> str:
    """A sensor, its reading, how passing wafers read, and how much it raised the score, as far as they are known."""
    value, low, high = (_told(reason[name]) for name in ("value", "usual_low", "usual_high"))
    told = [f"usual {low} to {high}"] if low and high else []
    told += [] if reason["contribution"] is None else [f"{reason['contribution']:+.2f}"]
    return f"{reason['sensor']} = {value or 'silent'}" + (f" ({', '.join(told)})" if told else "")


def _told(value: float | str | None) -> str:
    return f"{value:.6g}" if isinstance(value, float) and isfinite(value) else ""


def _csv(rows: Sequence[Sequence[Cell]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _xlsx(rows: Sequence[Sequence[Cell]]) -> bytes:
    """A workbook of one sheet, whose head stays in sight and filters."""
    content = io.BytesIO()
    as_text = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True, "in_memory": True}
    with xlsxwriter.Workbook(content, as_text) as book:
        sheet = book.add_worksheet("Wafers")
        head = book.add_format({"bold": True})
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row, None if number else head)
        sheet.freeze_panes(1, 2)
        sheet.autofilter(0, 0, max(len(rows) - 1, 1), len(rows[0]) - 1)
        sheet.set_column(1, 1, 18)
    return content.getvalue()
