"""What holds for every drop, whatever is in it."""

import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raw_data_validation_train.stage import validate_batches
from raw_data_validation_train.tests.drop import accepted_table
from wafer.contract import load_contract
from wafer.engine import Inline
from wafer.errors import NoGoodFiles
from wafer.store import list_batches

pytestmark = pytest.mark.slow  # many files, each read several times

CONTRACT = load_contract(
    "training",
    '{"SampleFileName": "wafer_01012020_000000.csv", "LengthOfDateStampInFile": 8, "LengthOfTimeStampInFile": 6, '
    '"NumberofColumns": 4, "ColName": {"Wafer": "varchar", "S1": "float", "S2": "float", "Output": "Integer"}}',
)
_ROW = st.tuples(
    st.sampled_from(["a", "b", "c", "d", "e", "f", "", "é"]),
    st.sampled_from(["1", "2", "", "x", "inf", "1e39"]),
    st.sampled_from(["7", "7.0", ""]),
    st.sampled_from(["1", "-1", "0"]),
    st.sampled_from(["", "", "", "", ",9", "\n"]),
).map(lambda cells: ",".join(cells[:4]) + cells[4])
_HEADER = st.sampled_from(["Wafer,S1,S2,Output", ",S1,S2,Good/Bad", "S2,S1,Wafer,Output", "Wafer,S1,Output"])
_FILE = st.tuples(_HEADER, st.lists(_ROW, max_size=8)).map(lambda parts: "\n".join([parts[0], *parts[1]]))
_NAME = st.sampled_from([f"wafer_0{day}022021_120000.csv" for day in range(1, 6)] + ["Wafer_1.csv", "wafer_1.CSV"])
_DROP = st.dictionaries(_NAME, _FILE, min_size=1, max_size=5)


def judge(files: dict[str, str], out: Path, *, turned: bool = False) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    (out / "drop").mkdir(parents=True)
    for name, text in files.items():
        (out / "drop" / name).write_text(text)
    batches = list_batches(str(out / "drop"))
    paths = {name: out / name for name in ("accepted", "manifest", "quarantine", "report")}
    with suppress(NoGoodFiles):
        validate_batches(batches[::-1] if turned else batches, CONTRACT, Inline(2 if turned else 1), **paths)
    rows = {path.stem: accepted_table(path).to_pylist() for path in sorted(paths["accepted"].iterdir())}
    return json.loads(paths["manifest"].read_text()), rows


@settings(max_examples=40, deadline=None)
@given(_DROP)
def test_no_row_gets_lost_and_no_wafer_is_accepted_twice(files: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        manifest, rows = judge(files, Path(folder))

    accepted = [row for of_file in rows.values() for row in of_file]
    wafers = [row["Wafer"] for row in accepted]
    assert len(wafers) == len(set(wafers)) == manifest["totals"]["rows_good"]
    for file in manifest["files"]:
        lines = sum(bool(line) for line in files[file["name"]].split("\n")[1:])
        assert file["rows_in"] == lines == file["rows_good"] + file["rows_quarantined"]
        assert len(rows.get(Path(file["name"]).stem, [])) == file["rows_good"]
    assert all(row["Output"] in (-1, 1) and row["S1"] in (1, 2, None) and row["S2"] in (7, None) for row in accepted)


@settings(max_examples=20, deadline=None)
@given(_DROP)
def test_the_order_in_which_files_are_found_or_read_changes_nothing(files: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one = judge(files, Path(folder) / "one")
        two = judge(files, Path(folder) / "two", turned=True)

    assert one == two
