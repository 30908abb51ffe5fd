"""Answers as CSV: one line for each row, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from fastapi import Response

from application.api.openapi import Responses
from wafer.cells import safe_cell

CSV: Responses = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "One line for each row."}
}
Cell = str | int | float | bool | None


def csv_response(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> Response:
    """The rows under these columns, as a file of this name to keep."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row[column]) for column in columns] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.getvalue(), media_type="text/csv", headers=headers)


def _cell(value: Cell) -> str | int | float:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return safe_cell(value)
    return "" if value is None else value
