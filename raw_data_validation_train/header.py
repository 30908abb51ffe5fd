"""The header of a file held against the contract: which column is what, and what is wrong with it."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa
from pyarrow import csv as arrow_csv

from raw_data_validation_train.header_findings import HeaderColumns, header_findings, no_header
from raw_data_validation_train.verdicts import FileCode, Finding
from wafer.contract import Contract
from wafer.contract.wafer_ids import ID

_PARSED_AT_ONCE = 2**20  # bytes that stay in the processor's cache: a fifth faster than the whole block at once
_MOST_COLUMNS = 20_000  # more than the schema's: beyond, the rows of a wrong table are not even counted


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a file keeps what.

    `measured` are the positions of the readings: in schema order under a right header, else all columns but id and
    label in the file's order. `key` are the columns that the wafer id is made of, if they are all there (`has_id`),
    `trailing` those at the end that must be empty, `context` where each column of the wafer's context stands (None
    where the file lacks it), `extra` those of them that are no `key`. `read`, `parse` and `convert` make pyarrow
    return key, extra, readings, label, trailing, in that order; a layout is `unusual` when that is not yet id,
    context, readings, and label as a number. `left_out` are outcomes in a file to predict.
    """

    findings: tuple[Finding, ...]
    width: int
    id_at: int | None
    label_at: int | None
    measured: tuple[int, ...]
    names: tuple[str, ...]
    key: tuple[int, ...]
    trailing: tuple[int, ...]
    context: tuple[int | None, ...]
    extra: tuple[int, ...]
    has_id: bool
    unusual: bool
    left_out: tuple[str, ...]
    read: arrow_csv.ReadOptions
    parse: arrow_csv.ParseOptions
    convert: arrow_csv.ConvertOptions


class Headers:
    """Reads headers against one contract; the files of a drop mostly share one, so the last few are remembered."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._spellings = contract.spellings()
        self.layout = lru_cache(maxsize=16)(self._layout)

    def without_line(self) -> Layout | Finding:
        """The layout of a file without a header: the schema's columns in the schema's order."""
        id_column = [self._contract.id_column] if ID in self._contract.policy.id_template.columns else []
        return self._of([*id_column, *self._contract.columns[1:]])

    def say_outcomes_alone(self, line: bytes) -> bool:
        """Whether a header names the outcome and no sensor, as a file may that says what predicted wafers became."""
        text = self._contract.policy.text
        cells = split_row(text.names_in(line.decode(errors="replace")), text.separator) or []
        named = {self._spellings.get(self._contract.policy.columns.key(cell)) for cell in cells}
        return self._contract.label in named and named.isdisjoint(self._contract.sensors)

    def _layout(self, line: bytes) -> Layout | Finding:
        text = self._contract.policy.text
        cells = split_row(text.names_in(line.decode()), text.separator)
        if cells is None:
            return Finding(FileCode.NOT_CSV, "The header's quotes do not match. Export the batch again as CSV.")
        if len(cells) < 2:
            return Finding(FileCode.NOT_CSV, no_header(line.decode(), text.delimiter))
        if len(cells) > _MOST_COLUMNS + len(self._contract.columns):
            return Finding(
                FileCode.COLUMN_COUNT, f"The file has {len(cells)} columns. Export the schema's columns only."
            )
        return self._of(cells)

    def _of(self, cells: Sequence[str]) -> Layout:
        columns = self._columns(cells)
        return _layout(self._contract, columns, tuple(header_findings(columns, self._contract)))

    def _columns(self, cells: Sequence[str]) -> HeaderColumns:
        """What every column is to the contract."""
        columns = self._contract.policy.columns
        keys = [columns.key(cell) for cell in cells]
        trailing = _trailing(keys) if columns.trailing_empty == "drop" else ()
        taken: set[str] = set()
        roles: list[str | None] = []
        for at, key in enumerate(keys):
            name = None if at in trailing else self._spellings.get(key)
            roles.append(None if name in taken else name)
            taken |= {name} if name else set()
        parts = {field: self._part(field, keys, roles) for field in self._contract.policy.id_template.columns}
        passed = {at for at in parts.values() if at is not None} | {*trailing}
        passed |= {at for at, cell in enumerate(cells) if self._spellings.get(keys[at]) is None and self._ignores(cell)}
        return HeaderColumns(tuple(cells), tuple(roles), parts, trailing, frozenset(passed))

    def _part(self, field: str, keys: Sequence[str], roles: Sequence[str | None]) -> int | None:
        """Where a column of the wafer id stands."""
        if field == ID:
            return roles.index(self._contract.id_column) if self._contract.id_column in roles else None
        key = self._contract.policy.columns.key(field)
        return keys.index(key) if key in keys else None

    def _ignores(self, cell: str) -> bool:
        return self._contract.ignores(cell)


def _trailing(keys: Sequence[str]) -> tuple[int, ...]:
    """The columns without a name at the end."""
    named = max((at for at, key in enumerate(keys) if key), default=len(keys))
    return tuple(range(named + 1, len(keys)))


def split_row(line: str, delimiter: str = ",") -> list[str] | None:
    """Fields of one line, or None when its quotes do not match; a quoted field never runs into the next line."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error:
        return None


def _place(name: str, cells: Sequence[str], contract: Contract) -> int | None:
    """Where a column of the context stands."""
    columns = contract.policy.columns
    return next((at for at, cell in enumerate(cells) if columns.key(cell) == columns.key(name)), None)


def _layout(contract: Contract, header: HeaderColumns, findings: tuple[Finding, ...]) -> Layout:
    cells, text = header.cells, contract.policy.text
    places = header.places
    id_at = places.get(contract.id_column)
    label_at = places.get(contract.label) if contract.label else None
    others = [at for at in range(len(cells)) if at not in (id_at, label_at) and at not in header.passed]
    measured = others if findings else [places[sensor] for sensor in contract.sensors]
    columns = [f"\0{at}" for at in range(len(cells))]  # a name no header can hold
    for name, at in places.items():
        columns[at] = name
    key = tuple(at for at in header.parts.values() if at is not None)
    context = tuple(_place(name, cells, contract) for name in contract.context)
    extra = tuple(dict.fromkeys(at for at in context if at is not None and at not in key))
    order = [at for at in (*key, *extra, *measured, label_at, *header.trailing) if at is not None]
    kinds = dict.fromkeys((*key, *extra), pa.string()) | dict.fromkeys(header.trailing, pa.null())
    if label_at is not None and contract.policy.label_words:
        kinds[label_at] = pa.string()
    return Layout(
        findings=findings,
        width=len(cells),
        id_at=id_at,
        label_at=label_at,
        measured=tuple(measured),
        names=tuple(cells[at] for at in measured) if findings else contract.sensors,
        key=key,
        trailing=header.trailing,
        context=context,
        extra=extra,
        has_id=None not in header.parts.values(),
        unusual=bool(header.trailing or contract.context)
        or contract.policy.label_words
        or not contract.policy.id_template.is_column,
        left_out=tuple(cell for cell in cells if contract.leaves_out(cell)),
        read=arrow_csv.ReadOptions(column_names=columns, use_threads=False, block_size=_PARSED_AT_ONCE),
        parse=arrow_csv.ParseOptions(newlines_in_values=False, delimiter=text.separator),
        convert=arrow_csv.ConvertOptions(
            column_types={name: kinds.get(at, pa.float64()) for at, name in enumerate(columns)},
            include_columns=[columns[at] for at in order],
            null_values=["", *contract.policy.readings.missing],
            strings_can_be_null=False,
            decimal_point=text.decimal,
        ),
    )
