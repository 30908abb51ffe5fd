"""What can be wrong with a file or a row, what to do about it, and the verdicts on a whole drop."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple

from wafer.contract import Kind
from wafer.contract.manifest import JudgedFiles


class FileCode(StrEnum):
    """Why a file is refused, in the order in which the reasons are told."""

    FILE_NAME = "FILE_NAME"
    FILE_STAMP = "FILE_STAMP"
    UNREADABLE = "UNREADABLE"
    FILE_EMPTY = "FILE_EMPTY"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    ENCODING = "ENCODING"
    NOT_CSV = "NOT_CSV"
    OUTCOMES_TABLE = "OUTCOMES_TABLE"
    HEADER = "HEADER"
    COLUMN_COUNT = "COLUMN_COUNT"
    ROW_LENGTH = "ROW_LENGTH"
    SILENT_SENSORS = "SILENT_SENSORS"
    NO_GOOD_ROWS = "NO_GOOD_ROWS"


class RowCode(StrEnum):
    """Why a row is quarantined; a row with several reasons carries the first in this order."""

    WAFER_ID = "WAFER_ID"
    NOT_A_NUMBER = "NOT_A_NUMBER"
    NOT_FINITE = "NOT_FINITE"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    LABEL = "LABEL"
    DUPLICATE_WAFER = "DUPLICATE_WAFER"
    CONFLICTING_WAFER = "CONFLICTING_WAFER"
    ROW_LENGTH = "ROW_LENGTH"


FILE_CODES = {
    FileCode.FILE_NAME: "The file name does not follow the schema.",
    FileCode.FILE_STAMP: "The file name carries a date or a time that does not exist.",
    FileCode.UNREADABLE: "The operating system does not let the file be read.",
    FileCode.FILE_EMPTY: "The file has no row.",
    FileCode.FILE_TOO_LARGE: "The file is larger than the policy allows.",
    FileCode.ENCODING: "The file is not UTF-8 text.",
    FileCode.NOT_CSV: "The file is not a table with commas.",
    FileCode.OUTCOMES_TABLE: "The table of its outcomes is missing, or does not fit.",
    FileCode.HEADER: "Columns are missing, unknown or named twice.",
    FileCode.COLUMN_COUNT: "The file has more columns than the schema.",
    FileCode.ROW_LENGTH: "Every row has another number of fields than the header.",
    FileCode.SILENT_SENSORS: "Too many sensors have no reading in the whole file.",
    FileCode.NO_GOOD_ROWS: "Every row was quarantined.",
}
ROW_CODES = {
    RowCode.WAFER_ID: "The wafer id is empty or has characters other than letters, digits and _ . : / -.",
    RowCode.NOT_A_NUMBER: "A reading is not a number. Missing readings are empty fields; the decimal sign is a point.",
    RowCode.NOT_FINITE: "A reading is infinite or NaN.",
    RowCode.OUT_OF_RANGE: "A reading lies outside the bounds of the policy.",
    RowCode.LABEL: "The outcome is not one of the values that the policy allows.",
    RowCode.DUPLICATE_WAFER: "The wafer is in the drop more than once with the same readings; the first is kept.",
    RowCode.CONFLICTING_WAFER: "The wafer is in the drop more than once with different readings; none is kept, "
    "or the later one if the policy says so.",
    RowCode.ROW_LENGTH: "The row has another number of fields than the header; its values cannot be assigned.",
}


class Finding(NamedTuple):
    """One reason to refuse a file, with a sentence that says what to do."""

    code: FileCode
    message: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """One row that cannot be used: its line in the file (the header is line 1), why, and the line itself."""

    line: int
    wafer: str
    code: RowCode
    message: str
    raw: str
    cure: str = ""  # what the policy could say; part of the message too


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """What became of one file; `silent` names the sensors without any value, `row_codes` counts rows by first reason.

    Of a refused file every row is quarantined; `row_codes` then says what was wrong with single rows as far as they
    could be judged.
    """

    name: str
    bytes: int
    sha256: str
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()
    rows_in: int = 0
    rows_good: int = 0
    silent: tuple[str, ...] = ()
    row_codes: tuple[tuple[RowCode, int], ...] = ()

    @property
    def verdict(self) -> Literal["good", "bad"]:
        """Bad as soon as there is one finding."""
        return "bad" if self.findings else "good"

    @property
    def codes(self) -> tuple[FileCode, ...]:
        """Codes of all findings."""
        return tuple(finding.code for finding in self.findings)

    @property
    def rows_quarantined(self) -> int:
        """Rows that went to the quarantine, as their reasons counted them; all rows of a refused file."""
        return self.rows_in if self.findings else sum(count for _, count in self.row_codes)

    @property
    def rows_are_listed(self) -> bool:
        """Whether the quarantine lists its bad rows one by one: not for a file refused as a whole."""
        return bool(self.row_codes) and set(self.codes) <= {FileCode.NO_GOOD_ROWS}


@dataclass(frozen=True, slots=True)
class Validated(JudgedFiles[FileVerdict]):
    """The verdict on every file of a drop, in the order of their names."""

    kind: Kind
    contract: str
    files: tuple[FileVerdict, ...]
    spellings: Mapping[str, tuple[str, ...]]  # `Contract.other_spellings`

    def counts(self) -> dict[str, int]:
        """Files and rows: read, good, and refused or quarantined."""
        return {
            "files": len(self.files),
            "files_good": len(self.good),
            "files_bad": len(self.bad),
            "rows_in": sum(file.rows_in for file in self.files),
            "rows_good": sum(file.rows_good for file in self.files),
            "rows_quarantined": sum(file.rows_quarantined for file in self.files),
        }

    def files_by_code(self) -> dict[str, int]:
        """How many files each file code refused; a file with two reasons counts for both."""
        found = Counter(code for file in self.bad for code in file.codes)
        return {code: found[code] for code in FileCode if code in found}

    def rows_by_code(self) -> dict[str, int]:
        """How many rows each row code quarantined, in the files whose rows are listed."""
        found: Counter[RowCode] = Counter()
        for file in self.files:
            if file.rows_are_listed:
                found.update(dict(file.row_codes))
        return {code: found[code] for code in RowCode if code in found}
