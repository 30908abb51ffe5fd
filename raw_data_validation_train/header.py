"""The header of a file held against the contract: which column is what, and what is wrong with it."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa
from pyarrow import csv as arrow_csv

from raw_data_validation_train.verdicts import FileCode, Finding
from wafer.contract import Contract, without_blanks

_PARSED_AT_ONCE = 2**20  # bytes that stay in the processor's cache: a fifth faster than the whole block at once
_MOST_COLUMNS = 20_000  # more than the schema's: beyond, the rows of a wrong table are not even counted


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a file keeps what.

    `measured` are the positions of the readings: in schema order under a right header, else all columns but id and
    label in the file's order. `read` and `convert` make pyarrow return id, readings, label, in that order.
    """

    findings: tuple[Finding, ...]
    width: int
    id_at: int | None
    label_at: int | None
    measured: tuple[int, ...]
    names: tuple[str, ...]
    read: arrow_csv.ReadOptions
    convert: arrow_csv.ConvertOptions


class Headers:
    """Reads headers against one contract; the files of a drop mostly share one, so the last few are remembered."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._spellings = contract.spellings()
        self.layout = lru_cache(maxsize=16)(self._layout)

    def _layout(self, line: bytes) -> Layout | Finding:
        cells = split_row(line.decode())
        if cells is None:
            return Finding(FileCode.NOT_CSV, "The header's quotes do not match. Export the batch again as CSV.")
        if len(cells) < 2:
            return Finding(
                FileCode.NOT_CSV,
                "The first line is no header with commas between the column names. Export with the comma as separator.",
            )
        if len(cells) > _MOST_COLUMNS + len(self._contract.columns):
            return Finding(
                FileCode.COLUMN_COUNT, f"The file has {len(cells)} columns. Export the schema's columns only."
            )
        roles = self._roles(cells)
        findings = tuple(_findings(cells, roles, self._contract))
        places = {role: at for at, role in enumerate(roles) if role is not None}
        return _layout(self._contract, cells, places, findings)

    def _roles(self, cells: Sequence[str]) -> list[str | None]:
        """The schema's name for every column; None for an unknown column and for a name's second appearance."""
        taken: set[str] = set()
        roles: list[str | None] = []
        for cell in cells:
            name = self._spellings.get(without_blanks(cell))
            roles.append(None if name in taken else name)
            taken |= {name} if name else set()
        return roles


def split_row(line: str) -> list[str] | None:
    """Fields of one line, or None when its quotes do not match; a quoted field never runs into the next line."""
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line], strict=True))
    except csv.Error:
        return None


def in_short(names: Iterable[str], limit: int = 5) -> str:
    """The first few names, and how many more."""
    listed = list(names)
    more = f" and {len(listed) - limit} more" if len(listed) > limit else ""
    return ", ".join(f"`{name}`" for name in listed[:limit]) + more


def _layout(contract: Contract, cells: Sequence[str], places: dict[str, int], findings: tuple[Finding, ...]) -> Layout:
    id_at = places.get(contract.id_column)
    label_at = places.get(contract.label) if contract.label else None
    others = [at for at in range(len(cells)) if at not in (id_at, label_at)]
    measured = others if findings else [places[sensor] for sensor in contract.sensors]
    columns = [f"\0{at}" for at in range(len(cells))]  # a name no header can hold
    for name, at in places.items():
        columns[at] = name
    order = [at for at in (id_at, *measured, label_at) if at is not None]
    return Layout(
        findings=findings,
        width=len(cells),
        id_at=id_at,
        label_at=label_at,
        measured=tuple(measured),
        names=tuple(cells[at] for at in measured) if findings else contract.sensors,
        read=arrow_csv.ReadOptions(column_names=columns, use_threads=False, block_size=_PARSED_AT_ONCE),
        convert=arrow_csv.ConvertOptions(
            column_types={name: pa.string() if at == id_at else pa.float64() for at, name in enumerate(columns)},
            include_columns=[columns[at] for at in order],
            null_values=["", *contract.policy.readings.missing],
            strings_can_be_null=False,
        ),
    )


def _findings(cells: Sequence[str], roles: Sequence[str | None], contract: Contract) -> Iterable[Finding]:
    known = set(roles)
    missing = [name for name in contract.columns if name not in known]
    strange = [cell for cell, role in zip(cells, roles, strict=True) if role is None]
    if missing or strange:
        yield Finding(FileCode.HEADER, " ".join(_header_sentences(missing, strange, cells, contract)))
    if len(cells) > len(contract.columns):
        yield Finding(
            FileCode.COLUMN_COUNT,
            f"The file has {len(cells)} columns, the schema {len(contract.columns)}. Export only the schema's columns.",
        )


def _header_sentences(
    missing: Sequence[str], strange: Sequence[str], cells: Sequence[str], contract: Contract
) -> Iterable[str]:
    sensors = [name for name in missing if name not in (contract.id_column, contract.label)]
    twice = [name for name, count in Counter(cells).items() if count > 1 and name in strange]
    nameless = sum(not without_blanks(name) for name in strange)
    unknown = [name for name in strange if name not in twice and without_blanks(name)]
    if contract.id_column in missing:
        yield f"The wafer id column `{contract.id_column}` is missing."
    if contract.label in missing:
        spellings = ", ".join(f"`{name}`" for name in (contract.label, *contract.policy.columns.label))
        yield f"The outcome column is missing ({spellings}): a file without outcomes cannot train a model."
    if sensors:
        yield f"Sensor columns missing: {in_short(sensors)}."
    if nameless:
        yield f"Columns without a name: {nameless}."
    if named_twice := [name for name in twice if without_blanks(name)]:
        yield f"Named more than once: {in_short(named_twice)}."
    if labels := [name for name in unknown if contract.label is None and name in contract.policy.columns.label]:
        yield f"A file to predict has no outcome column; this one has {in_short(labels)}."
    if unknown := [name for name in unknown if name not in labels]:
        yield f"Unknown columns: {in_short(unknown)}."
    yield "Export the batch again with the schema's column names; their order does not matter."
