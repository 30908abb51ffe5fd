"""Batches with the shape of the real line and none of its data: to try the suite with, never to judge a model by."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wafer.errors import PublishConflict

SENSORS = 590
FAILURE_SHARE = 0.065
SIGNAL_STRENGTH = 0.8  # correlation between what the sensors see and what decides over a wafer
CONSTANT_SENSORS = 116  # as many as the real line has
SINGLE_SIGNALS = 160  # sensors with a signal of their own; the others repeat one of the shared signals
SHARED_SIGNALS = 80
CAUSES = 4  # shared signals, the last ones, that decide over a wafer; free of drift and chamber
CHAMBER_SIGNALS = 60  # signals that tell which of two chambers a wafer was processed in
MISSING_BLOCKS = 33  # sensors that go missing together; with "never" and "silent in a file" 35 patterns
SILENT_SENSORS = 16  # without any value in every second file
FIRST_FILE = datetime(2021, 3, 1, 4, 10, 11)  # noqa: DTZ001 - the line's clock has no zone in its file names
BAD_FILE_ROWS = 20
NOTE = "SYNTHETIC.md"

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


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


@dataclass(frozen=True, slots=True)
class _Wafers:
    """All wafers in measuring order: ids, readings (wafers, sensors) with NaN for missing, failed or not."""

    ids: list[str]
    readings: Floats
    failed: Bools

    def rows(self, first: int, count: int, *, labelled: bool) -> list[str]:
        """CSV lines of `count` wafers from `first` on, numbers as short as the real files write them."""
        pattern = ",".join(["%.10g"] * SENSORS)
        lines = []
        for i in range(first, first + count):
            cells = (pattern % tuple(self.readings[i])).replace("nan", "")
            label = f",{1 if self.failed[i] else -1}" if labelled else ""
            lines.append(f"{self.ids[i]},{cells}{label}")
        return lines


@dataclass(frozen=True, slots=True)
class _Batch:
    """One file below the folder; `wrong` says why it must be refused, empty for a good one."""

    name: str
    rows: list[str]
    labelled: bool
    wrong: str = ""


def write_synthetic(
    folder: Path, *, seed: int = 0, training_files: int = 8, prediction_files: int = 4, wafers_per_file: int = 100
) -> Synthetic:
    """Write `training/` (labelled), `prediction/` (unlabelled) and a note on what they are; same seed, same bytes.

    The numbers count good files; a few deliberately bad ones come on top, and one good file of each folder has bad
    rows among its good ones. Raises PublishConflict when a folder holds files that this function did not write.
    """
    known, everything = training_files * wafers_per_file, (training_files + prediction_files) * wafers_per_file
    wafers = _measure(everything + min(BAD_FILE_ROWS, wafers_per_file), wafers_per_file, known, seed)
    good = _good_batches(wafers, training_files, prediction_files, wafers_per_file)
    bad = _bad_batches(wafers, everything, len(good))
    _make_room(folder)
    for batch in (*good, *bad):
        _write(folder, batch)
    synthetic = Synthetic(
        training=folder / "training",
        prediction=folder / "prediction",
        note=folder / NOTE,
        training_wafers=known,
        prediction_wafers=everything - known,
        training_failures=int(wafers.failed[:known].sum()),
        failing_to_predict=tuple(wafers.ids[i] for i in range(known, everything) if wafers.failed[i]),
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


def _measure(count: int, per_file: int, for_training: int, seed: int) -> _Wafers:
    """Readings and fate of `count` wafers; the failure share is exact over the wafers for training."""
    rng = np.random.default_rng(seed)
    chamber = np.repeat(rng.random(count // 10 + 1) < 0.5, 10)[:count]  # a carrier of ten goes through one chamber
    signals = _signals(rng, count, chamber)
    failed = _fate(rng, signals, chamber, for_training)
    readings = _sensors(rng, signals)
    readings[_missing(rng, count, per_file)] = np.nan
    return _Wafers(ids=[f"Wafer-{i + 1}" for i in range(count)], readings=readings, failed=failed)


def _signals(rng: np.random.Generator, count: int, chamber: Bools) -> Floats:
    """(wafers, signals) independent unit noise, half of it skewed; some drift, some shift with the chamber."""
    n = SINGLE_SIGNALS + SHARED_SIGNALS
    signals = rng.standard_normal((count, n))
    skewed = rng.random(n) < 0.5
    signals[:, skewed] = (np.exp(0.5 * signals[:, skewed]) - 1.13) / 0.6  # lognormal, centred, near unit spread
    drifting = rng.choice(n - CAUSES, 20, replace=False)
    signals[:, drifting] += 0.5 * np.sin(np.arange(count) / 180)[:, None]
    shifted = rng.choice(n - CAUSES, CHAMBER_SIGNALS, replace=False)
    signals[:, shifted] += np.where(chamber, 2.2, 0.0)[:, None] * rng.choice([-1.0, 1.0], CHAMBER_SIGNALS)
    return signals


def _fate(rng: np.random.Generator, signals: Floats, chamber: Bools, for_training: int) -> Bools:
    """Fail the wafers with the largest damage, in equal shares of both chambers; sensors see a part of it only."""
    seen = signals[:, -CAUSES:].sum(axis=1) / np.sqrt(CAUSES)
    damage = SIGNAL_STRENGTH * seen + np.sqrt(1 - SIGNAL_STRENGTH**2) * rng.standard_normal(len(seen))
    failed = np.zeros(len(damage), dtype=bool)
    for side in (chamber, ~chamber):
        known = np.sort(damage[:for_training][side[:for_training]])
        failures = round(FAILURE_SHARE * len(known))
        limit = known[-failures] if failures else np.inf
        failed |= side & (damage >= limit)
    return failed


def _sensors(rng: np.random.Generator, signals: Floats) -> Floats:
    """(wafers, sensors) readings: constants, and signals on scales from thousandths to thousands, four decimals."""
    varying = SENSORS - CONSTANT_SENSORS
    single = np.arange(SINGLE_SIGNALS)
    shared = SINGLE_SIGNALS + np.arange(varying - SINGLE_SIGNALS) % SHARED_SIGNALS
    source = np.concatenate([single, shared])
    centre = np.exp(rng.normal(0.5, 3.2, varying)).clip(0.002, 9000)
    centre *= np.where(rng.random(varying) < 0.07, -1.0, 1.0)
    spread = np.abs(centre) * np.exp(rng.normal(-1.5, 0.8, varying)).clip(0.03, 0.25)
    noise = rng.standard_normal((len(signals), varying)) * 0.15
    constant = rng.choice([0.0, 0.0, 0.0, 0.0, 1.0, 100.0], CONSTANT_SENSORS)

    readings = np.empty((len(signals), SENSORS))
    places = rng.permutation(SENSORS)
    readings[:, places[:varying]] = centre + spread * (signals[:, source] + noise)
    readings[:, places[varying:]] = constant
    return np.round(readings, 4) + 0.0  # + 0.0 turns -0 into 0


def _missing(rng: np.random.Generator, count: int, per_file: int) -> Bools:
    """(wafers, sensors) mask: sensors of one tool go missing together; some tools measure few wafers."""
    missing = np.zeros((count, SENSORS), dtype=bool)
    places = rng.permutation(SENSORS)
    silent, places = places[:SILENT_SENSORS], places[SILENT_SENSORS:]
    for block in range(MISSING_BLOCKS):
        rare = block % 6 == 0
        size = 4 if rare else int(rng.choice([4, 8, 12]))
        sensors, places = places[:size], places[size:]
        share = rng.uniform(0.45, 0.9) if rare else rng.uniform(0.002, 0.03)
        missing[:, sensors] = (rng.random(count) < share)[:, None]
    quiet_file = (np.arange(count) // per_file) % 2 == 0
    missing[np.ix_(quiet_file, silent)] = True
    return missing


def _good_batches(wafers: _Wafers, training: int, prediction: int, per_file: int) -> list[_Batch]:
    batches = []
    for n in range(training + prediction):
        labelled = n < training
        rows = wafers.rows(n * per_file, per_file, labelled=labelled)
        if n in (training - 1, training + prediction - 1):
            rows = _among_bad_rows(rows, labelled=labelled)
        batches.append(_Batch(f"{'training' if labelled else 'prediction'}/{_file_name(n)}", rows, labelled))
    return batches


def _bad_batches(wafers: _Wafers, spare: int, number: int) -> list[_Batch]:
    """Files to be refused, of the wafers from `spare` on, which no good file has."""
    names = [_file_name(number + n) for n in range(6)]
    labelled, bare = (wafers.rows(spare, len(wafers.ids) - spare, labelled=each) for each in (True, False))
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


def _write(folder: Path, batch: _Batch) -> None:
    """Header as the line writes it: an empty or unnamed id column, `Sensor-1` …, `Good/Bad` where labelled."""
    sensors = ",".join(f"Sensor-{i + 1}" for i in range(SENSORS))
    header = f",{sensors},Good/Bad" if batch.labelled else f"Unnamed: 0,{sensors}"
    (folder / batch.name).write_bytes("".join(f"{line}\r\n" for line in (header, *batch.rows)).encode())


def _among_bad_rows(rows: list[str], *, labelled: bool) -> list[str]:
    """The good rows, and between them: no id, a word for a number, an infinite reading, an unknown label."""
    bad = [
        _with(rows[0], {0: ""}),
        _with(rows[0], {0: "Wafer-X1", 7: "error"}),
        _with(rows[0], {0: "Wafer-X2", 9: "inf"}),
    ]
    if labelled:
        bad.append(_with(rows[0], {0: "Wafer-X3", SENSORS + 1: "0"}))
    middle = len(rows) // 2
    return [*rows[:middle], *bad, *rows[middle:]]


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
