"""Outcomes that seem to lie in a table of their own next to each file of readings."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from wafer.contract.draft.columns import Column, columns_of
from wafer.contract.draft.outcomes import OutcomeColumn, outcome_of
from wafer.contract.draft.samples import Excerpt
from wafer.contract.policy import OutcomesTable

_HALF = 0.5
_ENDING = re.compile(r"(\.[A-Za-z]{2,4})?(\.gz)?$")


@dataclass(frozen=True, slots=True)
class JoinedOutcomes:
    """The policy's `outcomes_table`, the outcome in it, and the names of the tables that were looked at."""

    table: OutcomesTable
    outcome: OutcomeColumn
    names: tuple[str, ...]


def joined_outcomes(readings: Sequence[Excerpt], others: Sequence[Excerpt]) -> JoinedOutcomes | None:
    """The tables among `others` that name an outcome for each row of a file of readings; None without."""
    for table in others:
        found = outcome_of(columns_of([table], table.text.numbers), alone=True)
        of = _readings_of(table, readings)
        if found and (of or _names_wafers_of(table, readings, found.column)):
            key = _shared_id(table, of or readings[0], found.column)
            file = _pattern(table, of, readings) if of else table.name
            own = table.text.delimiter if table.width > 1 else readings[0].text.delimiter
            named = OutcomesTable(
                file=file,
                by="id" if key else "order",
                column=found.column.at + 1,
                delimiter="" if own == readings[0].text.delimiter else own,
            )
            return JoinedOutcomes(named, found, tuple(other.name for other in others if other.width == table.width))
    return None


def _readings_of(table: Excerpt, readings: Sequence[Excerpt]) -> Excerpt | None:
    """The file of readings that a table belongs to: by its name, else by its number of rows, else the only one."""
    named = [each for each in readings if _stem(each.name) in table.name]
    rows = [each for each in readings if each.whole and table.whole and len(each.rows) == len(table.rows)]
    only = list(readings) if len(readings) == 1 else []
    return next(iter([*sorted(named, key=lambda each: -len(each.name)), *rows, *only]), None)


def _names_wafers_of(table: Excerpt, readings: Sequence[Excerpt], outcome: Column) -> bool:
    """Whether one table has the outcomes of all files: most wafers of each are in it by their id."""
    key = _shared_id(table, readings[0], outcome)
    if not key or any(key not in each.header for each in readings):
        return False
    known = {row[table.header.index(key)] for row in table.rows}
    ids = [[row[each.header.index(key)] for row in each.rows] for each in readings]
    return all(sum(wafer in known for wafer in file) > _HALF * len(file) for file in ids)


def _pattern(table: Excerpt, of: Excerpt, readings: Sequence[Excerpt]) -> str:
    stem = _stem(of.name)
    return table.name.replace(stem, "{file}", 1) if stem in table.name or len(readings) > 1 else table.name


def _shared_id(table: Excerpt, of: Excerpt, outcome: Column) -> str:
    """The column that both have besides the outcome; empty where there is none, or the rows are as many."""
    shared = [name for name in table.header if name in of.header and name and name != outcome.name]
    return shared[0] if shared else ""


def _stem(name: str) -> str:
    return _ENDING.sub("", name)
