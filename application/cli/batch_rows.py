"""The lines of one batch file at the command line, whatever the policy says of its text."""

import gzip
import zlib
from pathlib import Path

from application.errors import RequestInvalid
from wafer.contract import Contract
from wafer.contract.text import Text
from wafer.contract.whitespace import with_single_blanks
from wafer.contract.workbook import NotAWorkbook, lines_of


def lines_in(file: Path, contract: Contract) -> list[str]:
    """The header with a field for each column, and the rows. Raises RequestInvalid where the file has another form."""
    text = contract.policy.text
    try:
        lines = list(lines_of(file, text)) if text.workbook else _decoded(file.read_bytes(), text).splitlines()
    except (NotAWorkbook, OSError, EOFError, zlib.error, UnicodeError) as exc:
        raise RequestInvalid(f"{file.name} has not the form that the policy says under `text`: {exc}.") from exc
    header, *rows = lines[text.lines_before_header :] or [""]
    if not text.header:
        return [_separated(contract, text), header, *rows]
    return [text.names_in(header), *rows[text.lines_after_header :]]


def _decoded(data: bytes, text: Text) -> str:
    unpacked = gzip.decompress(data) if text.compression == "gzip" else data
    content = unpacked.decode("utf-8-sig" if text.encoding == "utf-8" else text.encoding)
    return with_single_blanks(content.encode()).decode() if text.delimiter == "whitespace" else content


def _separated(contract: Contract, text: Text) -> str:
    """The schema's columns as a header."""
    return text.separator.join(f'"{name}"' for name in contract.columns)
