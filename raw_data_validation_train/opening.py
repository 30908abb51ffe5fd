"""A file's bytes as UTF-8 text, whatever the policy says they are: packed, encoded otherwise or a workbook."""

import codecs
import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, cast

from raw_data_validation_train.verdicts import FileCode, Finding
from wafer.contract.bars import without_bars_around
from wafer.contract.policy import Limits
from wafer.contract.text import Text
from wafer.contract.whitespace import end_of_last_line, with_single_blanks
from wafer.contract.workbook import NotAWorkbook, lines_of, unpacked_bytes

Hashed = Callable[[bytes], None]


class Unreadable(Exception):
    """The bytes are not what the policy says; `finding` is for the file's verdict."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def chunks(path: Path, text: Text, limits: Limits, size: int, seen: Hashed) -> Iterator[bytes]:
    """The text of a file in UTF-8, a chunk at a time; `seen` is given the bytes as they lie on disk.

    Raises Unreadable.
    """
    with path.open("rb", buffering=0) as raw:
        file = _Seen(raw, seen)
        if text.is_plain:
            found = iter(lambda: file.read(size), b"")
        elif text.workbook:
            found = _sheet(path, file, text, limits, size)
        else:
            found = _decoded(file, text, limits, size)
        lines = _a_line_a_row(found) if text.quoted_line_ends == "blank" else found
        if text.delimiter == "whitespace" or text.bars_around:
            form = with_single_blanks if text.delimiter == "whitespace" else without_bars_around
            yield from _rewritten(lines, limits, form)
        else:
            yield from lines


def _a_line_a_row(found: Iterator[bytes]) -> Iterator[bytes]:
    """The same text with a blank for every line end that stands in quotes."""
    quoted = False
    for chunk in found:
        parts = chunk.split(b'"')
        for n in range(quoted is False, len(parts), 2):
            parts[n] = parts[n].replace(b"\r\n", b" ").replace(b"\n", b" ").replace(b"\r", b" ")
        quoted ^= len(parts) % 2 == 0
        yield b'"'.join(parts)


def _rewritten(found: Iterator[bytes], limits: Limits, form: Callable[[bytes], bytes]) -> Iterator[bytes]:
    """The same lines in another form, which is given whole ones; a line beyond the limit is given in parts."""
    carry, begun = b"", False
    for chunk in found:
        data = carry + chunk
        data, begun = data if begun else data.removeprefix(codecs.BOM_UTF8), begun or len(data) >= len(codecs.BOM_UTF8)
        end = end_of_last_line(data) or (len(data) if len(data) > limits.row_bytes else 0)
        carry = data[end:]
        yield form(data[:end])
    yield form(carry)


class _Seen:
    """A file that hands on a copy of every byte that is read."""

    def __init__(self, file: IO[bytes], seen: Hashed) -> None:
        self._file = file
        self._seen = seen

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self._seen(chunk)
        return chunk


def _sheet(path: Path, file: "_Seen", text: Text, limits: Limits, size: int) -> Iterator[bytes]:
    """The first sheet of a workbook; its parts are read in another order, so all bytes are seen first."""
    for _ in iter(lambda: file.read(size), b""):
        pass
    waiting: list[str] = []
    try:
        if unpacked_bytes(path) > limits.file_bytes:
            raise Unreadable(_too_large(limits))
        for line in lines_of(path, text):
            waiting.append(line)
            if sum(map(len, waiting)) >= size:
                yield "".join(waiting).encode()
                waiting = []
    except NotAWorkbook as exc:
        raise Unreadable(_no_workbook(exc)) from exc
    yield "".join(waiting).encode()


def _decoded(file: _Seen, text: Text, limits: Limits, size: int) -> Iterator[bytes]:
    opened = gzip.GzipFile(fileobj=cast("IO[bytes]", file), mode="rb") if text.compression == "gzip" else file
    decoder = codecs.getincrementaldecoder(text.encoding)()
    whole = 0
    try:
        while chunk := opened.read(size):
            whole += len(chunk)
            if whole > limits.file_bytes:
                raise Unreadable(_too_large(limits))
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", final=True).encode()
    except (OSError, EOFError, zlib.error) as exc:
        if isinstance(exc, OSError) and exc.errno is not None:
            raise
        raise Unreadable(_no_gzip(exc)) from exc
    except UnicodeError as exc:
        raise Unreadable(_no_text(text)) from exc


def _too_large(limits: Limits) -> Finding:
    return Finding(
        FileCode.FILE_TOO_LARGE,
        f"Unpacked, the file has more than {limits.file_bytes:,} bytes, which the policy allows. "
        "Split it, or raise `limits.file_bytes`.",
    )


def _no_workbook(exc: Exception) -> Finding:
    return _of_another_form("workbook", exc, "Save", "workbook: true")


def _no_gzip(exc: Exception) -> Finding:
    return _of_another_form("complete gzip archive", exc, "Pack", "compression: gzip")


def _of_another_form(form: str, exc: Exception, cure: str, rule: str) -> Finding:
    wrong = f"The file is no {form}, as the policy says ({exc})."
    return Finding(FileCode.NOT_CSV, f"{wrong} {cure} it again, or take `text: {{{rule}}}` out of the policy.")


def _no_text(text: Text) -> Finding:
    return Finding(
        FileCode.ENCODING,
        f"The file is not {text.encoding.upper()} text, as the policy says. Export it again, or correct "
        "`text: {encoding: …}` in the policy.",
    )
