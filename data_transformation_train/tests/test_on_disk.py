"""Many wafers are sorted on disk: the same table, in memory that does not grow with them."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from data_transformation_train.stage import Transformed, transform_batches
from wafer.contract import Contract, load_contract
from wafer.errors import ContractMismatch
from wafer.progress import Progress, listening

ROWS_A_GROUP = 8192
PROGRAM = """
import sys
from pathlib import Path
from benchmarks.memory import peak_mib
from data_transformation_train.stage import transform_batches
from data_transformation_train.tests.test_on_disk import contract
done = transform_batches(Path(sys.argv[1]), Path(sys.argv[2]), contract(sensors=200), in_memory=0)
print(done.wafers, peak_mib())
"""


def contract(sensors: int = 2) -> Contract:
    columns = {"Wafer": "varchar", **{f"Sensor - {n}": "float" for n in range(sensors)}, "Output": "Integer"}
    schema = {
        "SampleFileName": "wafer_08012020_120000.csv",
        "LengthOfDateStampInFile": 8,
        "LengthOfTimeStampInFile": 6,
        "NumberofColumns": len(columns),
        "ColName": columns,
    }
    return load_contract("training", json.dumps(schema), "")


def accept(folder: Path, number: int, wafers: list[str], sensors: int = 2) -> None:
    """Write an accepted file, as earlier releases did, in which every third reading of a wafer is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    agreed = contract(sensors)
    readings = [pa.array([None if n % 3 == 0 else n / 7 for n in range(s, s + len(wafers))]) for s in range(sensors)]
    labels = pa.array([1 if n % 10 == 0 else -1 for n in range(len(wafers))], pa.int64())
    table = pa.table(dict(zip(agreed.columns, [pa.array(wafers), *readings, labels], strict=True)))
    with parquet.ParquetWriter(folder / f"{number:03}.parquet", table.schema, store_schema=False) as writer:
        writer.write_table(table, row_group_size=1000)
        origin = {"file": f"{number}.csv", "sha256": f"{number:064}", "contract": agreed.digest}
        writer.add_key_value_metadata(origin)


def shuffled(folder: Path) -> list[str]:
    """Twenty files, every wafer in any of them; the wafers' names."""
    wafers = [f"W-{number:05}" for number in range(20_000)]
    random.Random(1).shuffle(wafers)
    for number in range(20):
        accept(folder, number, wafers[number::20])
    return sorted(wafers)


def test_wafers_sorted_on_disk_and_in_memory_give_the_same_bytes(tmp_path: Path) -> None:
    wafers = shuffled(tmp_path / "accepted")

    results = [
        transform_batches(tmp_path / "accepted", tmp_path / name / "wafers.parquet", contract(), in_memory=limit)
        for name, limit in (("disk", 0), ("memory", 10**9))
    ]

    assert results == [Transformed(files=20, wafers=20_000, missing_readings=13_340, failures=2_000)] * 2
    disk, memory = (tmp_path / name / "wafers.parquet" for name in ("disk", "memory"))
    assert disk.read_bytes() == memory.read_bytes()
    table = parquet.ParquetFile(disk)
    groups = [table.metadata.row_group(group).num_rows for group in range(table.num_row_groups)]
    assert table.read(columns=["Wafer"])["Wafer"].to_pylist() == wafers
    assert groups == [ROWS_A_GROUP, ROWS_A_GROUP, 20_000 - 2 * ROWS_A_GROUP]


def test_many_wafers_tell_how_far_they_have_come(tmp_path: Path) -> None:
    shuffled(tmp_path / "accepted")
    heard: list[Progress] = []

    with listening(heard.append):
        transform_batches(tmp_path / "accepted", tmp_path / "wafers.parquet", contract(), in_memory=0)

    ends = {progress.what: (progress.done, progress.of) for progress in heard}
    assert set(ends) == {"groups of files read", "parts of the table written"}
    assert ends["parts of the table written"] == (3, 3)
    assert all(done == of for done, of in ends.values())


def test_nothing_but_the_table_is_left_even_by_an_attempt_that_was_killed(tmp_path: Path) -> None:
    shuffled(tmp_path / "accepted")
    left = tmp_path / "out" / ".wafers.parquet.parts"
    left.mkdir(parents=True)
    (left / "000000.arrow").write_bytes(b"half a part")

    transform_batches(tmp_path / "accepted", tmp_path / "out" / "wafers.parquet", contract(), in_memory=0)

    assert [path.name for path in (tmp_path / "out").iterdir()] == ["wafers.parquet"]


def test_a_file_of_another_contract_leaves_no_table_and_no_parts(tmp_path: Path) -> None:
    shuffled(tmp_path / "accepted")
    accept(tmp_path / "accepted", 20, ["W-1"], sensors=3)

    with pytest.raises(ContractMismatch, match=r"20\.csv"):
        transform_batches(tmp_path / "accepted", tmp_path / "out" / "wafers.parquet", contract(), in_memory=0)

    assert list((tmp_path / "out").iterdir()) == []


def peak_mib(folder: Path, files: int) -> float:
    accept(folder, 0, [f"W-{number}" for number in range(2_000)], sensors=200)
    for number in range(1, files):
        (folder / f"{number:03}.parquet").hardlink_to(folder / "000.parquet")
    words: list[str | Path] = [sys.executable, "-c", PROGRAM, folder, folder.parent / f"{files}.parquet"]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    wafers, peak = done.stdout.split()
    assert int(wafers) == 2_000 * files
    return float(peak)


@pytest.mark.slow
def test_three_times_the_wafers_need_hardly_more_memory(tmp_path: Path) -> None:
    few, many = peak_mib(tmp_path / "few", 35), peak_mib(tmp_path / "many", 105)

    assert many < few + 120  # the 140,000 wafers more are 224 MB of numbers
