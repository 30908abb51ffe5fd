"""How long an answer at once takes, and how many come in a second."""

import csv
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from application.client import WaferClient
from application.synthetic import write_synthetic
from benchmarks.load import place, run_wafer, serving
from benchmarks.report import Section, this_machine

Rows = dict[str, dict[str, str]]
_AT_ONCE = 4


def measure_score(*, requests: int, quick: bool, say: Callable[[str], None]) -> Section:
    """Ask a served model of this machine."""
    machine = this_machine()
    with tempfile.TemporaryDirectory(prefix="score-") as scratch:
        home = Path(scratch) / "home"
        made = write_synthetic(Path(scratch) / "batches", training_files=3 if quick else 12, prediction_files=4)
        place(made.training, home / "store" / "raw" / "train" / "bench")
        say("A model is trained.")
        run_wafer(home, "train", str(home / "store" / "raw" / "train" / "bench"))
        run_wafer(home, "models", "promote", "1")  # whatever its training thought of it
        key = run_wafer(home, "keys", "add", "bench", "--role", "operator").strip()
        rows = _rows_of(min(made.prediction.glob("wafer_*.csv")))
        with serving(home, Path(scratch) / "log") as url:
            client = WaferClient(url, key)
            good = {each.wafer for each in client.score(rows, reasons=True).wafers}  # loads the model
            wafers = [(name, row) for name, row in rows.items() if name in good]
            table = list(_measured(client, wafers, requests, say))
    return Section(
        name="score",
        title="Answers at once (`POST /score`)",
        command=f"python -m benchmarks score --requests {requests}",
        machine=machine,
        protocol=[
            "`wafer serve` with its defaults, a model of synthetic wafers with 590 sensors; client and service on "
            "the same cores, over HTTP on 127.0.0.1 with an API key.",
            "Milliseconds from a request to its parsed answer, as `application.client` sees them: packing and "
            "unpacking JSON are in it. One after the other; the last line has four callers at once.",
        ],
        headers=("request", "requests", "p50 ms", "p99 ms", "wafers a second"),
        groups=[table],
        words=1,
    )


def _rows_of(path: Path) -> Rows:
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        key = (reader.fieldnames or [""])[0]
        return {row.pop(key): row for row in reader}


def _measured(
    client: WaferClient, wafers: Sequence[tuple[str, dict[str, str]]], requests: int, say: Callable[[str], None]
) -> Iterator[list[str]]:
    for title, size, reasons, times in (
        ("one wafer", 1, False, requests),
        ("one wafer with reasons", 1, True, requests),
        ("50 wafers", 50, False, max(1, requests // 50)),
    ):
        say(f"{title}: {times} requests.")
        asked = cycle([dict(wafers[start : start + size]) for start in range(0, len(wafers) - size + 1, size)])
        start = time.perf_counter()
        taken = [_seconds(client, each, reasons=reasons) for each in islice(asked, times)]
        yield _row(title, taken, size * times / (time.perf_counter() - start))
    say("Four callers at once.")
    single = [dict([wafer]) for wafer in islice(cycle(wafers), requests)]
    start = time.perf_counter()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        taken = list(pool.map(lambda each: _seconds(client, each, reasons=False), single))
    yield _row("one wafer, four callers", taken, requests / (time.perf_counter() - start))


def _seconds(client: WaferClient, wafers: Rows, *, reasons: bool) -> float:
    start = time.perf_counter()
    client.score(wafers, reasons=reasons)
    return time.perf_counter() - start


def _row(title: str, taken: Sequence[float], per_second: float) -> list[str]:
    middle, worst = np.quantile(np.array(taken) * 1000, [0.5, 0.99])
    return [title, f"{len(taken):,}", f"{middle:.1f}", f"{worst:.1f}", f"{per_second:,.0f}"]
