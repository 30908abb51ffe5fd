"""One task of the parsing benchmark in a process of its own: `python -m benchmarks.parse_task TASK DROP OUT`.

Imports nothing that the task does not need: what is imported counts as memory.
"""

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.memory import peak_mib


def _task(task: str, drop: Path, out: Path) -> tuple[float, int]:
    """Do one task; its seconds and the number of wafers it saw."""
    if task == "parse":
        return _parse(drop)
    from benchmarks.stage_tasks import transform, validate

    return validate(drop, out) if task == "validate" else transform(out)


def _parse(drop: Path) -> tuple[float, int]:
    from pyarrow import csv

    start = time.perf_counter()
    wafers = sum(csv.read_csv(path).num_rows for path in sorted(drop.iterdir()))
    return time.perf_counter() - start, wafers


def main(words: Sequence[str]) -> None:
    """Do one task in this process and print what it took as JSON."""
    seconds, wafers = _task(words[0], Path(words[1]), Path(words[2]))
    os.sync()  # what one side wrote is not paid for by the next
    sys.stdout.write(json.dumps({"seconds": seconds, "peak": peak_mib(), "wafers": wafers}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
