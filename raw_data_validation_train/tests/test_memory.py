"""Memory does not grow with the number of files."""

import subprocess
import sys
from pathlib import Path

import pytest

from raw_data_validation_train.tests.corpus import batch

PROGRAM = """
import resource, sys
from pathlib import Path
from raw_data_validation_train.tests.drop import validate
from wafer.engine import Inline
manifest = validate(Path(sys.argv[1]), Path(sys.argv[2]), engine=Inline(2))
print(manifest["totals"]["rows_good"], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
FEW, MANY = 12, 72


def peak_kib(folder: Path, files: int) -> int:
    (folder / "drop").mkdir(parents=True)
    data = batch(1, rows=150).data()
    for n in range(files):
        name = f"wafer_{n % 28 + 1:02d}012021_{n // 28:02d}0000.csv"
        (folder / "drop" / name).write_bytes(data.replace(b"C1-", f"C{n}-".encode()))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, folder / "drop", folder / "out"], check=True, capture_output=True, text=True
    )
    rows, peak = map(int, done.stdout.split())
    assert rows == 150 * files
    return peak


@pytest.mark.slow
def test_six_times_the_files_need_hardly_more_memory(tmp_path: Path) -> None:
    few, many = peak_kib(tmp_path / "few", FEW), peak_kib(tmp_path / "many", MANY)

    assert many < few + 30 * 1024  # the 60 files more are 28 MB of CSV and 42 MB of numbers
