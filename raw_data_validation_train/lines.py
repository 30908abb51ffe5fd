"""The bytes of a file, read once: hashed, checked to be text, and cut into blocks of whole lines."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from raw_data_validation_train.opening import Unreadable, chunks
from raw_data_validation_train.verdicts import FileCode, Finding
from wafer.contract.encodings import encoding_of
from wafer.contract.policy import Limits
from wafer.contract.text import Text

BLOCK_BYTES = 8 * 2**20
_FEED, _RETURN = b"\n\r"
_BOM = b"\xef\xbb\xbf"
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_PLAIN = Text()
_GZIP = b"\x1f\x8b"
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_WORKBOOK = " If it is a workbook, write `text: {workbook: true}` in the policy."
_CURES = {
    _GZIP: " Or write `text: {compression: gzip}` in the policy.",
    _ZIP: _WORKBOOK,
    _OLE: _WORKBOOK,
}
_MAGIC = {
    _GZIP: "a gzip archive",
    _ZIP: "a zip archive or a spreadsheet",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"PAR1": "a Parquet file",
    _OLE: "an old spreadsheet",
    b"%PDF": "a PDF document",
}


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a file: the number of the first (from 1), how many they are, their bytes."""

    first_line: int
    lines: int
    data: bytes

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing but line ends; looks at one byte of most blocks, and copies none of them."""
        return self.data[:1] in {b"", b"\r", b"\n"} and not self.data.strip(b"\r\n")

    def without_header(self) -> tuple[bytes, "Block"]:
        """First line without its end, and the lines after it."""
        head = self.data[: self.data.find(b"\n") + 1 or len(self.data)]
        first = head.splitlines(keepends=True)[0] if head else b""
        return first.rstrip(b"\r\n"), Block(self.first_line + 1, self.lines - 1, self.data[len(first) :])

    def halves(self) -> tuple["Block", "Block"] | None:
        """The block in two of about the same size; None when it cannot be cut."""
        cut = _end_of_last_line(self.data[: len(self.data) // 2])
        if cut == 0:
            return None
        lines = count_lines(self.data[:cut])
        return (
            Block(self.first_line, lines, self.data[:cut]),
            Block(self.first_line + lines, self.lines - lines, self.data[cut:]),
        )


class FileLines:
    """Blocks of a file's lines; once it has been iterated, `sha256`, `bytes` and the first `trouble` are known.

    Reading continues to the end for the hash, but no block comes after the first trouble.
    """

    def __init__(self, path: Path, limits: Limits, block_bytes: int = BLOCK_BYTES, text: Text = _PLAIN) -> None:
        self._path = path
        self._text = text
        self._limits = limits
        self._block_bytes = block_bytes
        self._hash = hashlib.sha256()
        self.bytes = 0
        self.trouble: Finding | None = None

    @property
    def sha256(self) -> str:
        """Hash of the bytes read so far."""
        return self._hash.hexdigest()

    def __iter__(self) -> Iterator[Block]:
        line, carry = 1, b""
        for data, rest in self._cut():
            carry = rest
            self.trouble = self.trouble or self._look_at(data, rest, first=line == 1)
            if self.trouble is None and data:
                count = count_lines(data)
                yield _block(line, count, data)
                line += count
        self.trouble = self.trouble or _not_text(carry)
        if carry and self.trouble is None:
            yield _block(line, count_lines(carry), carry)

    def _cut(self) -> Iterator[tuple[bytes, bytes]]:
        """Pairs of (whole lines, begin of the next line)."""
        carry = b""
        size = min(self._block_bytes, self._path.stat().st_size + 1)
        try:
            for chunk in chunks(self._path, self._text, self._limits, size, self._see):
                data = b"" if self.trouble else carry + chunk
                end = _end_of_last_line(data)
                carry = data[end:]
                yield data[:end], carry
        except Unreadable as exc:
            self.trouble = self.trouble or exc.finding
            self._see_rest()

    def _see(self, data: bytes) -> None:
        self._hash.update(data)
        self.bytes += len(data)

    def _see_rest(self) -> None:
        """Hash what stands after the place where the text ended to be readable."""
        with self._path.open("rb") as file:
            file.seek(self.bytes)
            while chunk := file.read(BLOCK_BYTES):
                self._see(chunk)

    def _look_at(self, data: bytes, rest: bytes, *, first: bool) -> Finding | None:
        begin = data or rest
        if first and (found := _known_format(begin)):
            return found
        if len(rest) > self._limits.row_bytes:
            return Finding(
                FileCode.NOT_CSV,
                f"A line is longer than {self._limits.row_bytes} bytes: this is no table of wafers. Export it again.",
            )
        return _not_text(data) or _not_text(rest, cut=True)


def lines_at(path: Path, numbers: Sequence[int], limits: Limits, text: Text = _PLAIN) -> Iterator[str]:
    """Some lines of a file that was read before, by their numbers in rising order."""
    wanted = list(numbers)
    for block in FileLines(path, limits, text=text):
        texts = block.data.splitlines()
        while wanted and wanted[0] < block.first_line + len(texts):
            yield texts[wanted.pop(0) - block.first_line].decode()


def count_lines(data: bytes) -> int:
    """Number of lines, ended by LF, CRLF or CR as pyarrow counts them; the last one may lack its end."""
    text = np.frombuffer(data, np.uint8)
    places = np.flatnonzero(text <= _RETURN)  # a few in a thousand bytes: `bytes.count` takes six times as long
    feeds, returns = text[places] == _FEED, text[places] == _RETURN
    pairs = returns[:-1] & feeds[1:] & (np.diff(places) == 1)
    ends = int(feeds.sum() + returns.sum() - pairs.sum())
    return ends + (not data.endswith((b"\n", b"\r")) if data else 0)


def _end_of_last_line(data: bytes) -> int:
    newline = data.rfind(b"\n") + 1
    return newline or data[:-1].rfind(b"\r") + 1  # a CR at the very end may be half of a CRLF


def _block(line: int, count: int, data: bytes) -> Block:
    """Blank lines at the end are no rows; taking them away keeps the file on the fast path."""
    text = data.removeprefix(_BOM) if line == 1 else data
    if not text.endswith((b"\n\n", b"\n\r\n", b"\r\r")):
        return Block(line, count, text)
    text = text.rstrip(b"\r\n")
    return Block(line, count_lines(text), text)


def _known_format(data: bytes) -> Finding | None:
    for magic, what in _MAGIC.items():
        if data.startswith(magic):
            cure = _CURES.get(magic, "")
            return Finding(FileCode.NOT_CSV, f"The file is {what}, not CSV text. Unpack or export it as CSV.{cure}")
    if data.startswith(_WIDE):
        return Finding(
            FileCode.ENCODING,
            "The file is UTF-16 or UTF-32 text. Export it as UTF-8, or write `text: {encoding: utf-16}` in the policy.",
        )
    return None


def _not_text(data: bytes, *, cut: bool = False) -> Finding | None:
    """NUL bytes, or bytes that are not UTF-8; `cut` data may end inside a character."""
    if b"\0" in data:
        return Finding(
            FileCode.ENCODING,
            "The file holds NUL bytes: it is UTF-16, or its writing was cut short. Export it again as UTF-8.",
        )
    if data.isascii():
        return None
    try:
        data.decode()
    except UnicodeDecodeError as exc:
        if cut and exc.end == len(data) and exc.reason == "unexpected end of data":
            return None
        wrong, likely = data[exc.start], encoding_of(data)
        return Finding(
            FileCode.ENCODING,
            f"Byte 0x{wrong:02X} is not UTF-8; {likely} text looks like this. Export the file as UTF-8, or write "
            f"`text: {{encoding: {likely}}}` in the policy.",
        )
    return None
