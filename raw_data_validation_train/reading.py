"""What is learned about one file while its blocks go by: header, rows, silent sensors, and from these its verdict."""

from collections import Counter
from collections.abc import Iterable, Iterator
from math import ceil

import numpy as np

from raw_data_validation_train.duplicates import Fingerprints, fingerprints
from raw_data_validation_train.fast_path import read_ordinary
from raw_data_validation_train.header import Headers, Layout, split_row
from raw_data_validation_train.header_findings import in_short, no_header
from raw_data_validation_train.lines import Block, FileLines
from raw_data_validation_train.row_parser import RowParser
from raw_data_validation_train.rows import Rows
from raw_data_validation_train.verdicts import FileCode, FileVerdict, Finding, RowCode
from raw_data_validation_train.wafer_ids import WaferIds
from wafer.contract import Contract

_LISTED_SENSORS = 20
_ROW_PARSER_LINES = 128


class Reading:
    """What is learned about a file while its blocks go by."""

    def __init__(self, contract: Contract, headers: Headers, name: str, *, keep: bool) -> None:
        self._contract = contract
        self._headers = headers
        self._name = name
        self._lines_to_skip = contract.policy.text.lines_before_header
        self._ids: WaferIds | None = None
        self._keep = keep
        self._header: Layout | Finding | None = None
        self._has_value = np.zeros(0, dtype=bool)
        self._codes: Counter[RowCode] = Counter()
        self._cures: Counter[str] = Counter()
        self._long: str | None = None  # the first row of another length
        self._rows_in = self._rows_good = 0
        self.fingerprints: list[Fingerprints] = []

    @property
    def keeps(self) -> bool:
        """Whether the rows can be good so far: name and header are right."""
        return self._keep and isinstance(self._header, Layout) and not self._header.findings

    def rows(self, lines: FileLines) -> Iterator[Rows]:
        """Judge block by block."""
        for block in lines:
            body = self._take_header(block) if self._header is None else self._skipped(block)
            if isinstance(self._header, Layout):
                for rows in self._judged(body, self._header):
                    self._count(rows)
                    yield rows

    def _judged(self, block: Block, header: Layout) -> Iterator[Rows]:
        """The rows of a block in order; a block is halved so that the slow row parser reads few lines."""
        if block.is_blank:
            return
        if (rows := read_ordinary(block, header, self._contract, self._ids)) is not None:
            yield rows
        elif block.lines > _ROW_PARSER_LINES and (halves := block.halves()) is not None:
            for half in halves:
                yield from self._judged(half, header)
        else:
            yield RowParser(header, self._contract, self._ids).read(block)

    def _take_header(self, block: Block) -> Block:
        block = self._skipped(block)
        text = self._contract.policy.text
        if not text.header:
            header, rest = b"", block
        else:
            header, rest = block.without_header()
        if header.strip() or rest.data.strip():
            self._header = self._not_a_table(self._layout_of(header), header, rest)
            self._lines_to_skip = text.lines_after_header
            rest = self._skipped(rest)
        if isinstance(self._header, Layout):
            self._has_value = np.zeros(len(self._header.measured), dtype=bool)
            if self._header.unusual:
                self._ids = WaferIds.of(self._header, self._contract, self._name, rest.first_line)
        return rest

    def _skipped(self, block: Block) -> Block:
        """The block without lines that are neither header nor rows; they may continue in the next one."""
        while self._lines_to_skip and block.data:
            _, block = block.without_header()
            self._lines_to_skip -= 1
        return block

    def _layout_of(self, header: bytes) -> Layout | Finding:
        return self._headers.layout(header) if self._contract.policy.text.header else self._headers.without_line()

    def _not_a_table(self, found: Layout | Finding, header: bytes, rest: Block) -> Layout | Finding:
        """A header of one cell is told with the delimiter and the decimal sign that the rows seem to have."""
        if not isinstance(found, Finding) or found.code != FileCode.NOT_CSV or b'"' in header:
            return found
        row, _ = rest.without_header()
        return found._replace(message=no_header(header.decode(), self._contract.policy.text.delimiter, row.decode()))

    def _count(self, rows: Rows) -> None:
        self._rows_in += rows.rows_in
        self._rows_good += len(rows.lines)
        self._has_value |= rows.has_value
        self._codes.update(row.code for row in rows.bad)
        self._cures.update(row.cure for row in rows.bad if row.cure)
        if self._long is None and rows.bad:
            self._long = next((row.raw for row in rows.bad if row.code == RowCode.ROW_LENGTH), None)
        if self.keeps:
            self.fingerprints.append(fingerprints(rows))

    def findings(self, lines: FileLines) -> Iterator[Finding]:
        """What is wrong with the content as a whole."""
        if lines.trouble is not None:
            yield lines.trouble
        elif isinstance(self._header, Finding):
            yield self._header
        elif self._header is None or self._rows_in == 0:
            what = "The file is empty." if self._header is None else "The file has a header but not a single row."
            yield Finding(FileCode.FILE_EMPTY, f"{what} Export the batch again.")
            yield from self._header.findings if self._header else ()
        else:
            yield from self._header.findings
            yield from self._row_findings(self._header)

    def _row_findings(self, header: Layout) -> Iterator[Finding]:
        wrong_length = self._codes[RowCode.ROW_LENGTH]
        if wrong_length == self._rows_in:
            yield Finding(
                FileCode.ROW_LENGTH,
                f"No row has the {header.width} fields of the header, so its values cannot be assigned to sensors. "
                f"Decimal commas and separators at the end of lines cause this. {self._length_cure(header)}",
            )
            return
        silent, allowed = len(self._silent(header)), self._contract.silent_sensors_allowed
        if silent > allowed:
            share = ceil(100 * silent / len(header.measured)) / 100
            yield Finding(
                FileCode.SILENT_SENSORS,
                f"{silent} of {len(header.measured)} sensors have no reading in the file; {allowed} may be silent. "
                f"Check the tool's connection, or write `silent_sensors: {share}` in the policy.",
            )
        if not self._rows_good and not header.findings:
            yield no_good_rows(self._rows_in, self._row_codes(), self._advice())

    def _length_cure(self, header: Layout) -> str:
        text = self._contract.policy.text
        cells = split_row(self._long or "", text.separator) or []
        if text.delimiter == " " and len((self._long or "").split()) == header.width:
            return "If any number of blanks stands between fields, write `text: {delimiter: whitespace}` in the policy."
        if len(cells) > header.width and not any(cells[header.width :]):
            return "Export it without the separators, or write `columns: {trailing_empty: drop}` in the policy."
        if text.header and not text.row_names and len(cells) == header.width + 1:
            return "If rows begin with a name above which the header has none, write `text: {row_names: true}`."
        return "Export the batch again."

    def _advice(self) -> str:
        """The most frequent cure of bad rows, as a sentence."""
        return "".join(f"{cure[0].upper()}{cure[1:]}." for cure, _ in self._cures.most_common(1))

    def _silent(self, header: Layout) -> tuple[str, ...]:
        return tuple(name for name, value in zip(header.names, self._has_value, strict=True) if not value)

    def verdict(self, name: str, lines: FileLines, findings: list[Finding]) -> FileVerdict:
        """The file's verdict; of a file that is no table no row is counted."""
        order = list(FileCode)
        header = self._header if isinstance(self._header, Layout) and lines.trouble is None else None
        readable = header is not None and self._rows_in > self._codes[RowCode.ROW_LENGTH]
        silent = self._silent(header) if header is not None and readable else ()
        return FileVerdict(
            name=name,
            bytes=lines.bytes,
            sha256=lines.sha256,
            findings=tuple(sorted(findings, key=lambda finding: order.index(finding.code))),
            warnings=(*_warnings(silent, self._contract, findings), *_left_out(header), *self._warned(findings)),
            rows_in=self._rows_in if header else 0,
            rows_good=0 if findings else self._rows_good,
            silent=silent,
            row_codes=self._row_codes() if header else (),
        )

    def _warned(self, findings: list[Finding]) -> Iterator[str]:
        """Rows of a good file that the policy could keep."""
        for cure, times in self._cures.most_common(1 if not findings else 0):
            yield f"{times} of {self._rows_in} rows are in the quarantine: {cure}."

    def _row_codes(self) -> tuple[tuple[RowCode, int], ...]:
        return tuple((code, self._codes[code]) for code in RowCode if self._codes[code])


def no_good_rows(rows: int, codes: Iterable[tuple[RowCode, int]], advice: str = "") -> Finding:
    """All rows of a file are quarantined, each for its own reason."""
    reasons = ", ".join(f"{count} {code}" for code, count in codes)
    return Finding(FileCode.NO_GOOD_ROWS, f"Not one of {rows} rows can be used: {reasons}. {advice}".strip())


def _warnings(silent: tuple[str, ...], contract: Contract, findings: list[Finding]) -> Iterator[str]:
    if silent and FileCode.SILENT_SENSORS not in {finding.code for finding in findings}:
        yield (
            f"{len(silent)} of {len(contract.sensors)} sensors have no value in this file "
            f"({contract.silent_sensors_allowed} are tolerated): {in_short(silent, _LISTED_SENSORS)}."
        )


def _left_out(header: Layout | None) -> Iterator[str]:
    if header and header.left_out:
        yield f"{in_short(header.left_out)} is left out: a prediction does not read outcomes."
