"""Lines are the same whatever blocks they come in."""

import hashlib
import re
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from raw_data_validation_train.lines import FileLines, count_lines, lines_at
from wafer.contract.policy import Limits
from wafer.contract.text import Text

_FEW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_TEXT = st.lists(st.sampled_from([b"a", b"1,2", "é".encode(), b"\n", b"\r\n", b"\r", b"\n\n"]), max_size=40).map(
    b"".join
)


@_FEW
@given(data=_TEXT, block_bytes=st.integers(1, 30))
def test_blocks_hold_the_lines_of_the_file_with_their_numbers(tmp_path: Path, data: bytes, block_bytes: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)

    lines = FileLines(path, Limits(), block_bytes)
    found = {
        number: line for block in lines for number, line in enumerate(block.data.splitlines(), block.first_line) if line
    }

    assert lines.trouble is None
    assert found == {number: line for number, line in enumerate(data.splitlines(), 1) if line}
    assert (lines.sha256, lines.bytes) == (hashlib.sha256(data).hexdigest(), len(data))


@_FEW
@given(data=_TEXT, block_bytes=st.integers(1, 30))
def test_a_block_knows_how_many_lines_it_has_also_in_halves(tmp_path: Path, data: bytes, block_bytes: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)

    for block in FileLines(path, Limits(), block_bytes):
        assert block.lines == len(block.data.splitlines()) == count_lines(block.data)
        if halves := block.halves():
            assert b"".join(half.data for half in halves) == block.data
            assert sum(half.lines for half in halves) == block.lines
            assert halves[1].first_line == block.first_line + len(halves[0].data.splitlines())


_FIELD = st.sampled_from([b"a", b'"b \t c"', b" ", b"\t", b"\n", b"\r\n", b"\r", "é".encode()])
_FIELDS = st.tuples(st.sampled_from([b"", b"\xef\xbb\xbf"]), st.lists(_FIELD, max_size=40).map(b"".join))


@_FEW
@given(data=_FIELDS.map(b"".join), block_bytes=st.integers(1, 30))
def test_whitespace_becomes_one_blank_whatever_blocks_it_comes_in(
    tmp_path: Path, data: bytes, block_bytes: int
) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)

    lines = FileLines(path, Limits(), block_bytes, Text(delimiter="whitespace"))
    found = {
        number: line for block in lines for number, line in enumerate(block.data.splitlines(), block.first_line) if line
    }

    expected = enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), 1)
    fields = ((number, re.findall(rb'"[^"]*"|[^ \t"]+', line)) for number, line in expected)
    assert {number: re.findall(rb'"[^"]*"|[^ "]+', line) for number, line in found.items()} == {
        number: each for number, each in fields if each
    }
    assert not any(line.strip(b" ") != line or b"  " in re.sub(rb'"[^"]*"', b"q", line) for line in found.values())
    assert (lines.sha256, lines.bytes) == (hashlib.sha256(data).hexdigest(), len(data))


def test_lines_are_found_again_by_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one\n\nthree\r\nfour\rfive")

    assert list(lines_at(path, [1, 3, 5], Limits())) == ["one", "three", "five"]


def test_trouble_late_in_a_file_stops_the_blocks_but_not_the_hash(tmp_path: Path) -> None:
    data = b"1,2\n" * 10 + b"\xff\n" + b"3,4\n" * 10
    path = tmp_path / "file"
    path.write_bytes(data)

    lines = FileLines(path, Limits(), 16)
    read = b"".join(block.data for block in lines)

    assert read == b"1,2\n" * 8
    assert lines.trouble is not None
    assert lines.trouble.code == "ENCODING"
    assert lines.sha256 == hashlib.sha256(data).hexdigest()
