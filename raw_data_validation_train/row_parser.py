"""The row parser: read a block row by row, tell good rows from bad ones, and say what is wrong with each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from raw_data_validation_train import cures
from raw_data_validation_train.header import Layout, split_row
from raw_data_validation_train.lines import Block
from raw_data_validation_train.rows import Rows
from raw_data_validation_train.verdicts import BadRow, RowCode
from raw_data_validation_train.wafer_ids import WaferIds
from wafer.contract import Contract
from wafer.contract.readings import Unfit, reading_of_text
from wafer.wafers.accepted import accepted_batch

_LONGEST_SHOWN = 40
_LONGEST_ID = 200
_CELLS_SHOWN = 3
Problems = dict[RowCode, list[str]]


@dataclass(frozen=True, slots=True)
class _GoodRow:
    line: int
    wafer: str
    readings: NDArray[np.float64]
    label: int
    context: tuple[str, ...]


class RowParser:
    """Judges single rows of a file with one layout."""

    def __init__(self, layout: Layout, contract: Contract, ids: WaferIds | None = None) -> None:
        self._layout = layout
        self._contract = contract
        self._ids = ids
        self._numbers = contract.policy.text.numbers
        self._cure = ""  # of the row that is being read
        self._wafer_id = re.compile(contract.policy.wafer_id, re.ASCII)

    def read(self, block: Block) -> Rows:
        """Every row of the block, good or bad; blank lines are no rows."""
        good: list[_GoodRow] = []
        bad: list[BadRow] = []
        has_value = np.zeros(len(self._layout.measured), dtype=bool)
        for line, text in _lines(block):
            cells = self._cells(text)
            if cells is None:
                bad.append(self._wrong_length(line, text))
                continue
            self._cure = ""
            readings, problems = self._readings(cells)
            has_value |= ~np.isnan(readings)
            row = self._judge(line, text, cells, readings, problems)
            if isinstance(row, BadRow):
                bad.append(row)
            else:
                good.append(row)
        return self._rows(good, bad, has_value)

    def _cells(self, text: str) -> list[str] | None:
        """The row's fields, or None when it has not exactly as many as the header."""
        if len(text) > self._contract.policy.limits.row_bytes:
            return None
        cells = split_row(text, self._contract.policy.text.separator)
        if cells is not None and self._contract.policy.columns.trailing_empty == "drop":
            cells = self._without_trailing(cells)
        return cells if cells is not None and len(cells) == self._layout.width else None

    def _without_trailing(self, cells: list[str]) -> list[str] | None:
        """The fields of a row that may have empty ones at its end; None when one of those is not empty."""
        ends = [*(cells[at] for at in self._layout.trailing if at < len(cells)), *cells[self._layout.width :]]
        return None if any(end.strip(" \t") for end in ends) else cells[: self._layout.width]

    def _judge(
        self, line: int, text: str, cells: list[str], readings: NDArray[np.float64], problems: Problems
    ) -> _GoodRow | BadRow:
        wafer = self._wafer(cells, line, problems)
        label = self._label(cells, problems)
        if not problems:
            context = tuple("" if at is None else cells[at] for at in self._layout.context)
            return _GoodRow(line, wafer, readings, label, context)
        codes = [code for code in RowCode if code in problems]
        message = "; ".join([*(_first_few(problems[code]) for code in codes), *filter(None, [self._cure])])
        return BadRow(line, wafer[:_LONGEST_ID], codes[0], message, text, self._cure)

    def _readings(self, cells: list[str]) -> tuple[NDArray[np.float64], Problems]:
        """Value of every measured field: NaN for a missing reading, infinite for one that is noted as a problem."""
        problems: Problems = {}
        texts = [cells[at] for at in self._layout.measured]
        if (values := self._plain_readings(texts)) is not None:
            return values, problems
        values = np.empty(len(texts))
        for n, text in enumerate(texts):
            value = self._reading(text)
            if isinstance(value, RowCode):
                problems.setdefault(value, []).append(f"{self._layout.names[n]} is {_shown(text)}")
                self._cure = self._cure or cures.of_reading(text, self._contract)
                value = np.inf
            values[n] = value
        return values, problems

    def _plain_readings(self, texts: list[str]) -> NDArray[np.float64] | None:
        """All values at once where every field is empty or a plain number within bounds; ten times faster."""
        bounds = self._contract.policy.readings
        numbers = self._numbers
        joined = numbers.joiner.join(texts)
        if bounds.missing or joined.count(numbers.joiner) >= len(texts) or not numbers.joined.fullmatch(joined):
            return None
        values = np.array([numbers.value(text) if text else np.nan for text in texts])
        outside = (values < bounds.lowest) | (values > bounds.highest)
        return None if outside.any() else values

    def _wafer(self, cells: list[str], line: int, problems: Problems) -> str:
        if not self._layout.has_id:
            return ""
        wafer = self._ids.of_row(cells, line) if self._ids else cells[self._layout.key[0]]
        if not self._wafer_id.fullmatch(wafer):
            problems[RowCode.WAFER_ID] = [f"the wafer id is {_shown(wafer)}"]
            self._cure = self._cure or cures.of_wafer_id(wafer, self._contract)
        return wafer

    def _reading(self, text: str) -> float | RowCode:
        found = reading_of_text(text, self._contract.policy)
        return RowCode(found.value) if isinstance(found, Unfit) else found

    def _label(self, cells: list[str], problems: Problems) -> int:
        if self._layout.label_at is None:
            return 0
        text, policy = cells[self._layout.label_at], self._contract.policy
        label = text.strip(" \t")
        if label in policy.labels:
            return policy.label_code(label)
        if self._numbers.one.fullmatch(label) and (value := self._numbers.value(label)) in policy.labels:
            return policy.label_code(int(value))
        known = ", ".join(map(str, sorted(policy.labels, key=_natural)))
        problems[RowCode.LABEL] = [f"the outcome is {_shown(text)}, not one of {known}"]
        self._cure = self._cure or cures.of_label(text)
        return 0

    def _wrong_length(self, line: int, text: str) -> BadRow:
        limit = self._contract.policy.limits.row_bytes
        cells, at = split_row(text[:limit], self._contract.policy.text.separator), self._layout.id_at
        wafer = cells[at] if cells is not None and at is not None and at < len(cells) else ""
        if len(text) > limit:
            found = f"is longer than {limit} bytes"
        else:
            found = "has quotes that do not match" if cells is None else f"has {len(cells)} fields"
        message = f"the row {found}, the header has {self._layout.width} fields"
        cure = cures.OF_QUOTES if cells is None else ""
        return BadRow(line, wafer[:_LONGEST_ID], RowCode.ROW_LENGTH, message, text[:limit], cure)

    def _rows(self, good: list[_GoodRow], bad: list[BadRow], has_value: NDArray[np.bool_]) -> Rows:
        readings = np.array([row.readings for row in good]).reshape(len(good), len(self._layout.measured))
        ids = [row.wafer for row in good]
        labels = np.array([row.label for row in good], dtype=np.int64) if self._contract.label else None
        return Rows(
            rows_in=len(good) + len(bad),
            table=self._table(ids, readings, labels, [row.context for row in good]),
            ids=ids,
            readings=readings,
            labels=labels,
            lines=np.array([row.line for row in good], dtype=np.uint32),
            has_value=has_value,
            bad=bad,
        )

    def _table(
        self,
        ids: list[str],
        readings: NDArray[np.float64],
        labels: NDArray[np.int64] | None,
        context: list[tuple[str, ...]],
    ) -> pa.RecordBatch:
        if self._layout.findings or not ids:
            return pa.record_batch({})
        columns = [pa.array(texts, pa.string()) for texts in zip(*context, strict=True)]
        return accepted_batch(self._contract, pa.array(ids, pa.string()), columns, readings, labels)


def _lines(block: Block) -> Iterator[tuple[int, str]]:
    """Line number and text of every line that is not blank."""
    for number, line in enumerate(block.data.splitlines(), block.first_line):
        if line:
            yield number, line.decode()


def _natural(label: int | str) -> tuple[bool, int, str]:
    """Numbers in their order, then words in theirs."""
    return (False, label, "") if isinstance(label, int) else (True, 0, label)


def _first_few(texts: list[str]) -> str:
    more = f" and {len(texts) - _CELLS_SHOWN} more" if len(texts) > _CELLS_SHOWN else ""
    return ", ".join(texts[:_CELLS_SHOWN]) + more


def _shown(text: str) -> str:
    if not text:
        return "empty"
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…")
