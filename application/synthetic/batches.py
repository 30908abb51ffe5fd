"""The CSV files of a synthetic drop, good ones and bad ones, and the note that says what they are."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from pyarrow import csv

from application.synthetic.line import SENSORS, Drop, Line, Measured
from wafer.errors import PublishConflict

FIRST_FILE = datetime(2021, 3, 1, 4, 10, 11)  # noqa: DTZ001 - the line's clock has no zone in its file names
BAD_FILE_ROWS = 20
NOTE = "SYNTHETIC.md"
_CELLS = csv.WriteOptions(include_header=False, quoting_style="none")


@dataclass(frozen=True, slots=True)
class Synthetic:
    """What was written; `refused` says of every deliberately bad file what is wrong with it."""

    training: Path
    prediction: Path
    note: Path
    training_wafers: int
    prediction_wafers: int
    training_failures: int
    failing_to_predict: tuple[str, ...]
    refused: dict[str, str]


class _Row(NamedTuple):
    """A wafer's CSV line without its label, and its fate."""

    line: str
    failed: bool


@dataclass(frozen=True, slots=True)
class _Batch:
    """A bad file below the folder; `wrong` says why it must be refused."""

    name: str
    rows: list[str]
    labelled: bool
    wrong: str


def write_synthetic(
    folder: Path, *, seed: int = 0, training_files: int = 8, prediction_files: int = 4, wafers_per_file: int = 100
) -> Synthetic:
    """Write `training/` (labelled), `prediction/` (unlabelled) and a note on what they are; same seed, same bytes.

    The numbers count good files; a few deliberately bad ones come on top, and one good file of each folder has bad
    rows among its good ones. Raises PublishConflict when a folder holds files that this function did not write.
    """
    drop = Drop(training_files * wafers_per_file, prediction_files * wafers_per_file, wafers_per_file)
    return write_drop(folder, drop, seed=seed)


def write_drop(folder: Path, drop: Drop, *, seed: int = 0) -> Synthetic:
    """Write a drop of any size as `write_synthetic` does, in memory that does not grow with it."""
    _make_room(folder)
    everything, spare = drop.training + drop.prediction, min(BAD_FILE_ROWS, drop.per_file)
    rows = chain.from_iterable(map(_rows, Line(seed, drop).measure(everything + spare)))
    failing = [
        _write_good(folder / kind, rows, _sizes(count, drop.per_file), first)
        for kind, count, first in (("training", drop.training, 0), ("prediction", drop.prediction, drop.files[0]))
    ]
    bad = _bad_batches(list(rows), sum(drop.files))
    for batch in bad:
        _write(folder / batch.name, batch.rows, labelled=batch.labelled)
    synthetic = Synthetic(
        training=folder / "training",
        prediction=folder / "prediction",
        note=folder / NOTE,
        training_wafers=drop.training,
        prediction_wafers=drop.prediction,
        training_failures=len(failing[0]),
        failing_to_predict=tuple(failing[1]),
        refused={batch.name: batch.wrong for batch in bad},
    )
    synthetic.note.write_text(_note(synthetic, seed), encoding="utf-8")
    return synthetic


def _make_room(folder: Path) -> None:
    """Remove earlier synthetic batches; refuse to touch any other file."""
    for batches in (folder / "training", folder / "prediction"):
        batches.mkdir(parents=True, exist_ok=True)
        earlier = sorted(batches.iterdir())
        if earlier and not (folder / NOTE).exists():
            raise PublishConflict(
                f"{batches} holds files that are not synthetic, as {earlier[0].name}; choose another."
            )
        for path in earlier:
            path.unlink()


def _rows(measured: Measured) -> Iterator[_Row]:
    """Lines with numbers as short as the real files write them."""
    ids = [f"Wafer-{measured.first + i + 1}" for i in range(len(measured.failed))]
    columns = [pa.array(ids), *(pa.array(column, from_pandas=True) for column in measured.readings.T)]
    written = pa.BufferOutputStream()
    csv.write_csv(pa.table(columns, names=list(map(str, range(len(columns))))), written, _CELLS)
    lines = written.getvalue().to_pybytes().decode().splitlines()
    return map(_Row, lines, measured.failed.tolist())


def _sizes(wafers: int, per_file: int) -> list[int]:
    """Wafers of each file; the last one takes what is left."""
    return [min(per_file, wafers - first) for first in range(0, wafers, per_file)]


def _write_good(folder: Path, rows: Iterator[_Row], sizes: Sequence[int], first: int) -> list[str]:
    """Write files of these sizes, numbered from `first` on, the last with bad rows among its good ones; who fails."""
    failing = list[str]()
    labelled = folder.name == "training"
    for number, size in enumerate(sizes):
        lines = _lines(islice(rows, size), failing, labelled=labelled)
        if number == len(sizes) - 1:
            lines = _among_bad_rows(lines, size, labelled=labelled)
        _write(folder / _file_name(first + number), lines, labelled=labelled)
    return failing


def _lines(rows: Iterable[_Row], failing: list[str], *, labelled: bool) -> Iterator[str]:
    """The lines of a file; notes the ids that fail."""
    for line, failed in rows:
        if failed:
            failing.append(line.partition(",")[0])
        yield f"{line},{1 if failed else -1}" if labelled else line


def _bad_batches(rows: list[_Row], number: int) -> list[_Batch]:
    """Files to be refused, of wafers that no good file has."""
    names = [_file_name(number + n) for n in range(6)]
    labelled, bare = (list(_lines(rows, [], labelled=each)) for each in (True, False))
    commas = "decimal commas: a number falls apart into two cells"
    return [
        _Batch(f"training/{names[0].capitalize()}", labelled, True, "the name starts with a capital letter"),
        _Batch(f"training/{names[1]}", [row.replace(".", ",") for row in labelled], True, commas),
        _Batch(f"training/{names[2]}", [f"{row}," for row in labelled], True, "every row is one cell too long"),
        _Batch(f"training/{names[3]}", bare, False, "the label column is missing"),
        _Batch(f"prediction/{names[4].replace('_', '-')}", bare, False, "the name has hyphens for underscores"),
        _Batch(f"prediction/{names[5]}", [row.replace(".", ",") for row in bare], False, commas),
    ]


def _file_name(number: int) -> str:
    return (FIRST_FILE + number * timedelta(hours=31, minutes=17, seconds=8)).strftime("wafer_%d%m%Y_%H%M%S.csv")


def _write(path: Path, lines: Iterable[str], *, labelled: bool) -> None:
    """Header as the line writes it: an empty or unnamed id column, `Sensor-1` …, `Good/Bad` where labelled."""
    sensors = ",".join(f"Sensor-{i + 1}" for i in range(SENSORS))
    header = f",{sensors},Good/Bad" if labelled else f"Unnamed: 0,{sensors}"
    with path.open("w", encoding="utf-8", newline="\r\n") as file:
        file.writelines(f"{line}\n" for line in chain([header], lines))


def _among_bad_rows(lines: Iterator[str], count: int, *, labelled: bool) -> Iterator[str]:
    """The good lines, and in their middle: no id, a word for a number, an infinite reading, an unknown label."""
    first = next(lines)
    bad = [{0: ""}, {0: "Wafer-X1", 7: "error"}, {0: "Wafer-X2", 9: "inf"}]
    if labelled:
        bad.append({0: "Wafer-X3", SENSORS + 1: "0"})
    rest = chain([first], lines)
    yield from islice(rest, count // 2)
    yield from (_with(first, changes) for changes in bad)
    yield from rest


def _with(row: str, changes: dict[int, str]) -> str:
    cells = row.split(",")
    return ",".join(changes.get(position, cell) for position, cell in enumerate(cells))


def _note(synthetic: Synthetic, seed: int) -> str:
    refused = "\n".join(f"- `{name}`: {reason}" for name, reason in synthetic.refused.items())
    failing = ", ".join(synthetic.failing_to_predict)
    return f"""# Synthetic batches

Made by `wafer synthetic` (seed {seed}). No reading was measured on any wafer: numbers, scales, missing blocks and
failures come from a random generator that copies the shape of the real line. Use them to see the suite work; a model's
quality on them says nothing about its quality on wafers.

- `training/`: {synthetic.training_wafers} labelled wafers, {synthetic.training_failures} of them failing.
- `prediction/`: {synthetic.prediction_wafers} wafers without labels.

The last good file of each folder has a few bad rows among its good ones. These files are bad on purpose:

{refused}

Wafers in `prediction/` that would fail, for comparison with what the model says:
{failing}
"""
