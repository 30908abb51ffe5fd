"""The predictions as a file for spreadsheets, with what people decided meanwhile."""

import csv
from pathlib import Path

from wafer.cells import text_of
from wafer.outcomes.dispositions import InForce

COLUMN = "disposition"


def add_dispositions(path: Path, decided: InForce) -> None:
    """Add a last column to a run's `predictions.csv`: the last word of a person on each wafer, line by line."""
    made = path.with_name("changed")
    with path.open(newline="", encoding="utf-8") as old, made.open("w", newline="", encoding="utf-8") as new:
        lines, writer = csv.reader(old), csv.writer(new, lineterminator="\n")
        header = next(lines)
        writer.writerow([*header, COLUMN])
        wafer, file = (
            header.index("wafer"),
            header.index("file") if "file" in header else None,
        )  # None: an older release
        for line in lines:
            found = decided.get((text_of(line[wafer]), "" if file is None else text_of(line[file])))
            writer.writerow([*line, found.word if found else ""])
    made.replace(path)
