"""Whole files as nobody should send them: every one gets a verdict, and every row is accounted for."""

import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from raw_data_validation_train.stage import validate_batches
from tests.faults.conftest import Told
from tests.faults.line import SCHEMA, SENSORS
from tests.faults.scale import EVERYTHING, scaled
from wafer.contract import Contract, load_contract
from wafer.engine import Inline
from wafer.errors import NoGoodFiles
from wafer.store import list_batches

pytestmark = pytest.mark.slow  # a line is made, and stages run in processes of their own

CONTRACT = load_contract("training", SCHEMA)
NAME = "wafer_01012021_120000.csv"
EXAMPLES = scaled(500, 10_000)
GIB = 2**30
HEADER = ["", *SENSORS, "Good/Bad"]
CELLS = [
    *("1", "-1", "0", "2.5", "-0.0", "1e39", "1e308", "1e-400", "inf", "-inf", "nan", "NaN", "NULL", "None", "true"),
    *("1,5", "1_000", "0x1F", "١٢", "1 2", " 1", "1 ", "+1", ".5", "5.", "1e", "--1", "=1+1", "@SUM(A1)", "W-1", "W-2"),
    *('"', '""', '"1"', '"a', 'b"', "'", "\\", "\t", ";", "\x00", "\x1a", "\ufeff", "\u2028", "é", "😀", "", "x" * 300),
]
cells = st.one_of(st.sampled_from(CELLS), st.floats().map(repr), st.text(max_size=6))
good_cells = st.floats(-1e6, 1e6, allow_nan=False).map("{:.4f}".format)
good_rows = st.tuples(
    st.integers(0, 9).map("W-{}".format), *[good_cells] * len(SENSORS), st.sampled_from(["1", "-1"])
).map(list)


@st.composite
def odd_rows(draw: st.DrawFn) -> list[str]:
    """A good row with something done to it."""
    row = draw(good_rows)
    match draw(st.integers(0, 5)):
        case 0:
            row[draw(st.integers(0, len(row) - 1))] = draw(cells)
        case 1:
            row = row[: draw(st.integers(0, len(row)))]
        case 2:
            row = [*row, draw(cells)]
        case 3:
            row = list(HEADER)
        case 4:
            row = draw(st.lists(cells, max_size=14))
    return row


@st.composite
def headers(draw: st.DrawFn) -> list[str]:
    """The header, usually; or in another order, doubled, shortened, or made of anything."""
    match draw(st.integers(0, 19)):
        case 0:
            return list(draw(st.permutations(HEADER)))
        case 1:
            return [*HEADER, draw(st.sampled_from([*HEADER, "extra"]))]
        case 2:
            return HEADER[: draw(st.integers(0, len(HEADER)))]
        case 3:
            return draw(st.lists(cells, max_size=12))
    return HEADER


def _mangled(data: bytes, draw: st.DrawFn) -> bytes:
    """The bytes as a bad disk, a wrong program or somebody with a plan leaves them."""
    at = draw(st.integers(0, len(data)))
    match draw(st.integers(0, 19)):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + draw(st.binary(min_size=1, max_size=8)) + data[at:]
        case 2:
            return data[:at] + data[: draw(st.integers(0, len(data)))]
        case 3:
            return b"\xef\xbb\xbf" + data
        case 4:
            return gzip.compress(data, mtime=0)
    return data


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A whole file."""
    separator = draw(st.sampled_from([*"," * 14, ";", "\t"]))
    end = draw(st.sampled_from(["\n", "\n", "\n", "\r\n", "\r", "\n\n"]))
    rows = draw(st.lists(st.one_of(good_rows, good_rows, odd_rows()), max_size=12))
    text = end.join(separator.join(row) for row in [draw(headers()), *rows]) + draw(
        st.sampled_from([end, end, end, "", '"'])
    )
    encoding = draw(st.sampled_from([*["utf-8"] * 14, "utf-16", "latin-1"]))
    return _mangled(text.encode(encoding, "replace"), draw)


@dataclass
class Measured:
    """The slowest file and what it took."""

    files: int = 0
    refused: int = 0
    seconds: float = 0.0

    def add(self, seconds: float, *, refused: bool) -> None:
        self.files += 1
        self.refused += refused
        self.seconds = max(self.seconds, seconds)


def judge(data: bytes, folder: Path, contract: Contract = CONTRACT) -> dict[str, Any]:
    """Validate one file and hold what comes out against itself; its entry in the manifest."""
    (folder / "drop").mkdir()
    (folder / "drop" / NAME).write_bytes(data)
    out = {name: folder / name for name in ("accepted", "manifest", "quarantine", "report")}
    with suppress(NoGoodFiles):
        validate_batches(list_batches(str(folder / "drop")), contract, Inline(1), **out)
    written = json.loads(out["manifest"].read_text())
    (file,) = written["files"]
    kept = [parquet.read_table(path).num_rows for path in out["accepted"].iterdir()]
    assert file["rows_in"] == file["rows_good"] + file["rows_quarantined"]
    assert sum(kept) == file["rows_good"]
    assert (file["verdict"] == "good") == bool(kept)
    assert (file["verdict"] == "bad") == bool(file["codes"])
    assert file["rows_in"] <= data.count(b"\n") + data.count(b"\r") + 1
    listed = [row for row in written["rows"] if row["file"] == NAME]
    assert not listed or len(listed) == file["rows_quarantined"]
    return dict(file)


def test_whatever_is_in_a_file_it_gets_a_verdict_and_no_row_is_lost(tell: Told) -> None:
    measured = Measured()
    before = peak()

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=not EVERYTHING, suppress_health_check=list(HealthCheck))
    @given(files())
    def every(data: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            found = judge(data, Path(folder))
            measured.add(time.perf_counter() - started, refused=found["verdict"] == "bad")

    every()

    grown = peak() - before
    assert grown < GIB
    assert 0 < measured.refused < measured.files
    tell(
        "hostile CSV files",
        measured.files,
        f"a verdict for each ({measured.refused} refused); slowest {measured.seconds:.2f} s, {grown >> 20} MiB more",
        "no exception, rows in = good + quarantined, accepted rows = rows good, < 1 GiB",
    )


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


MIB = scaled(8, 64)
LARGE: dict[str, Callable[[bytes, bytes], bytes]] = {
    "one endless line": lambda header, _row: header + b"1," * (MIB << 19),
    "one endless cell": lambda header, _row: header + b"x" * (MIB << 20),
    "a quote that is never closed": lambda header, row: header + b'"' + row * ((MIB << 20) // len(row)),
    "only line ends": lambda header, _row: header + b"\n" * (MIB << 20),
    "only NUL bytes": lambda _header, _row: b"\0" * (MIB << 20),
    "a header of a million columns": lambda header, _row: header.strip() + b",x" * (MIB << 19) + b"\n",
    "only bad rows": lambda header, row: header + row.replace(b"1.5", b"x") * ((MIB << 20) // len(row)),
    "the same wafer in every row": lambda header, row: header + row * ((MIB << 20) // len(row)),
}
PROGRAM = """
import sys, tempfile
from pathlib import Path
from benchmarks.memory import peak_mib
from tests.faults.test_hostile_files import judge
from wafer.engine import Inline
from wafer.contract import load_contract
with tempfile.TemporaryDirectory() as folder:
    file = judge(Path(sys.argv[1]).read_bytes(), Path(folder), load_contract("training"))
print(file["verdict"], file["rows_in"], round(peak_mib()))  # getrusage would count what pytest held
"""


@pytest.mark.parametrize("what", scaled(["one endless line", "only bad rows"], list(LARGE)))
def test_a_large_hostile_file_needs_less_than_a_gibibyte(what: str, tmp_path: Path, tell: Told) -> None:
    sensors = load_contract("training").sensors
    header, row = ",".join(["", *sensors, "Good/Bad"]), ",".join(["W-1", *["1.5"] * len(sensors), "-1"])
    (tmp_path / "large.csv").write_bytes(LARGE[what](f"{header}\n".encode(), f"{row}\n".encode()))
    started = time.monotonic()

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "large.csv")],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )

    assert done.returncode == 0, done.stderr[-2000:]
    verdict, rows, mib = done.stdout.split()
    found = "refused" if verdict == "bad" else "good"
    assert int(mib) < 1024
    seconds = time.monotonic() - started
    tell(f"{MIB} MiB: {what}", 1, f"{found}, {int(rows):,} rows, {seconds:.0f} s, {mib} MiB", "< 1 GiB")
