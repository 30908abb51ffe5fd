"""How the text of a batch file is written: encoding, delimiter, signs inside numbers, lines before the table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Delimiter = Literal[",", ";", "\t", "|", " ", "whitespace"]
SEPARATORS = (",", ";", "\t", "|", " ")  # of a text that is opened: one blank for whitespace
MARKS = ("#", "%", "//")  # that may stand before a header
DELIMITER_NAMES: Mapping[str, tuple[str, str]] = {  # one, several
    ";": ("a semicolon", "semicolons"),
    "\t": ("a tab", "tabs"),
    "|": ("a bar", "bars"),
    ",": ("a comma", "commas"),
    " ": ("a blank", "blanks"),
    "whitespace": ("whitespace", "any blanks"),
}
Encoding = Literal["utf-8", "utf-16", "latin-1", "windows-1252", "cp932", "gb18030", "cp949", "cp950"]
_ALSO = {" ": "\u00a0\u202f", "'": "\u2019"}  # what spreadsheets write for a thousands sign of this kind


class Text(BaseModel):
    """The form of a file's text; the default is UTF-8 with commas, points and a header."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    delimiter: Delimiter = ","
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""
    encoding: Encoding = "utf-8"
    compression: Literal["none", "gzip"] = "none"
    workbook: bool = False
    sheet: str = ""
    lines_before_header: int = Field(0, ge=0, le=1000)
    lines_after_header: int = Field(0, ge=0, le=1000)
    bars_around: bool = False
    header: bool = True
    header_mark: str = Field("", max_length=8)
    row_names: bool = False
    quoted_line_ends: Literal["refuse", "blank"] = "refuse"

    @model_validator(mode="after")
    def _distinct(self) -> "Text":
        if self.thousands == self.decimal:
            raise ValueError("decimal and thousands must be different signs")
        if self.lines_after_header and not self.header:
            raise ValueError("lines_after_header needs a header; without one, count them in lines_before_header")
        if (self.header_mark or self.row_names) and not self.header:
            raise ValueError("header_mark and row_names are about a header, and header: false says there is none")
        if self.bars_around and self.delimiter != "|":
            raise ValueError('bars_around is about bars between columns: write delimiter: "|" too')
        if self.sheet and not self.workbook:
            raise ValueError("sheet names one of a workbook: write workbook: true too")
        return self

    @property
    def is_plain(self) -> bool:
        """Whether the bytes of a file are its text as UTF-8."""
        return self.encoding == "utf-8" and self.compression == "none" and not self.workbook

    @property
    def as_utf8(self) -> "Text":
        """The form of the same table as `raw_data_validation_train` opens it: plain text, a line a row, plain names."""
        opened = {"encoding": "utf-8", "compression": "none", "workbook": False, "quoted_line_ends": "refuse"}
        names = {"delimiter": self.separator, "bars_around": False, "sheet": "", "header_mark": "", "row_names": False}
        return self.model_copy(update=opened | names)

    @property
    def separator(self) -> str:
        """What stands between two fields of a line that is opened."""
        return " " if self.delimiter == "whitespace" else self.delimiter

    def names_in(self, header: str) -> str:
        """The header with a field for each column: without the mark in front, with an empty one above row names."""
        begin = header.lstrip(" \t")
        if self.header_mark and begin.startswith(self.header_mark):
            header = begin.removeprefix(self.header_mark).lstrip(" \t")
        return self.separator + header if self.row_names else header

    @property
    def numbers(self) -> "Numbers":
        """How numbers are written."""
        return _numbers(self.decimal, self.thousands)


@dataclass(frozen=True, slots=True)
class Numbers:
    """How numbers are written: `one` matches a number, `joined` several with `joiner` between them, or nothing."""

    one: re.Pattern[str]
    joined: re.Pattern[str]
    joiner: str
    _plain: dict[int, str | None]

    @property
    def are_plain(self) -> bool:
        """Whether they are written as Python writes them."""
        return not self._plain

    def value(self, text: str) -> float:
        """The value of a text that `one` matches."""
        return float(text.translate(self._plain) if self._plain else text)


@lru_cache(maxsize=16)
def _numbers(decimal: str, thousands: str) -> Numbers:
    point = re.escape(decimal)
    signs = thousands + _ALSO.get(thousands, "")
    grouped = rf"[0-9]{{1,3}}(?:[{re.escape(signs)}][0-9]{{3}})+|" if thousands else ""
    number = rf"[+-]?(?:(?:{grouped}[0-9]+)(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?"
    joiner = ";" if "," in (decimal, thousands) else ","
    plain: dict[int, str | None] = {ord(sign): None for sign in signs}
    if decimal != ".":
        plain[ord(decimal)] = "."
    joined = re.compile(rf"(?:{number})?(?:{joiner}(?:{number})?)*")
    return Numbers(re.compile(number), joined, joiner, plain)
