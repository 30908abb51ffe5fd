"""Validation and transformation compared with a bare CSV parser, and their memory over the number of files."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

from application.synthetic import write_synthetic
from benchmarks.report import Section, this_machine

TASKS = ("parse", "validate", "transform")
_FIRST = datetime(2022, 1, 3, 4, 5, 6)  # noqa: DTZ001 - the line's clock has no zone in its file names
_LARGE_FILE = 5  # megabytes; a tenth of it is a batch as the line writes them
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Drop:
    """A folder of good files."""

    folder: Path
    files: int
    wafers: int
    bytes: int


@dataclass(slots=True)
class Taken:
    """Seconds and peak memory (MiB) of each measured run of one task on one drop."""

    seconds: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)


def measure_parsing(*, megabytes: int, rounds: int, say: Callable[[str], None]) -> Section:
    """Measure three drops: some small files, ten times as many of them, and the same bytes in large files."""
    machine = this_machine()
    rows = []
    with tempfile.TemporaryDirectory(prefix="drop-") as scratch:
        pool = _rows_to_tile(Path(scratch) / "pool")
        files = max(1, megabytes // _LARGE_FILE)
        shapes = [(megabytes / 10, files), (megabytes, files * 10), (megabytes, files)]
        for number, (size, count) in enumerate(shapes):
            drop = _make_drop(Path(scratch) / f"drop-{number}", pool, size, count)
            taken = _measure(drop, Path(scratch) / f"out-{number}", rounds)
            rows.append(_row(drop, taken))
            say(f"{drop.files} files, {drop.bytes / 1e6:.0f} MB: ratio {rows[-1][7]}")
    return Section(
        name="speed-parse",
        title="Validation and transformation compared with a bare parser",
        command=f"python -m benchmarks speed-parse --megabytes {megabytes} --rounds {rounds}",
        machine=machine,
        protocol=[
            "Synthetic labelled batches of 590 sensors (repeated rows of `wafer synthetic`, every wafer with its own "
            "id), all good, in the page cache.",
            "Bare parser: `pyarrow.csv.read_csv` with its defaults, one file after the other; it checks and writes "
            "nothing. Validation and transformation: `validate_batches` and `transform_batches`, from the CSV "
            "files to `wafers.parquet`; \"both\" is the sum of their seconds.",
            "Every run is a process of its own, measured without start and imports (pyarrow imports pandas where it is "
            f"installed, which the stages' images do without). The sides run in turn; medians of "
            f"{rounds}. Peak memory (VmHWM) is that of the whole process, the highest of all runs.",
        ],
        headers=(
            "drop", "files", "wafers", "pyarrow MB/s", "validation MB/s", "transformation MB/s", "both MB/s", "ratio",
            "peak MiB pyarrow", "peak MiB validation", "peak MiB transformation",
        ),
        groups=[rows],
        findings=["Both keep a few files at a time; transformation sorts more than some 4,000 wafers on disk."],
    )  # fmt: skip


def _row(drop: Drop, taken: dict[str, Taken]) -> list[str]:
    megabytes = drop.bytes / 1e6
    seconds = [taken[task].seconds for task in TASKS]
    both = median(map(sum, zip(*seconds[1:], strict=True)))
    speeds = [f"{megabytes / each:.3g}" for each in (*map(median, seconds), both)]
    peaks = [f"{max(taken[task].peaks):.0f}" for task in TASKS]
    ratio = f"{median(seconds[0]) / both:.2f}"
    return [f"{megabytes:.0f} MB", f"{drop.files:,}", f"{drop.wafers:,}", *speeds, ratio, *peaks]


def _rows_to_tile(folder: Path) -> tuple[str, list[str]]:
    """Header and rows without ids of good synthetic batches."""
    made = write_synthetic(folder, training_files=8, prediction_files=1, wafers_per_file=125)
    refused = {Path(name).name for name in made.refused}
    files = sorted(path for path in made.training.iterdir() if path.name not in refused)
    lines = [path.read_text(encoding="utf-8").splitlines() for path in files]
    parts = [line.partition(",") for each in lines for line in each[1:]]
    return lines[0][0], [row for wafer, _, row in parts if wafer and not wafer.startswith("Wafer-X")]  # X: made bad


def _make_drop(folder: Path, pool: tuple[str, list[str]], megabytes: float, files: int) -> Drop:
    header, rows = pool
    size = sum(map(len, rows)) / len(rows) + 16  # with id and line end
    wafers = max(1, round(megabytes * 1e6 / files / size))
    folder.mkdir()
    written = 0
    for number in range(files):
        chosen = [rows[(number * wafers + i) % len(rows)] for i in range(wafers)]
        lines = [header, *(f"T{number:05}-{i:06},{row}" for i, row in enumerate(chosen))]
        name = (_FIRST + number * timedelta(hours=7, minutes=11)).strftime("wafer_%d%m%Y_%H%M%S.csv")
        written += (folder / name).write_bytes("".join(f"{line}\r\n" for line in lines).encode())
    return Drop(folder, files, files * wafers, written)


def _measure(drop: Drop, out: Path, rounds: int) -> dict[str, Taken]:
    taken = {task: Taken() for task in TASKS}
    for number in range(rounds):
        for task in TASKS:
            words = [sys.executable, "-m", "benchmarks.parse_task", task, str(drop.folder), str(out / str(number))]
            done = subprocess.run(words, cwd=_ROOT, check=True, capture_output=True, text=True)  # noqa: S603 - our own
            result = json.loads(done.stdout.splitlines()[-1])
            if task == "transform" and result["wafers"] != drop.wafers:
                raise SystemExit(f"{result['wafers']} of {drop.wafers} wafers came through")
            taken[task].seconds.append(result["seconds"])
            taken[task].peaks.append(result["peak"])
    return taken
