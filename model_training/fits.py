"""The fits of a task as units of work: each reads a training set that it was given and leaves a file."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from itertools import accumulate
from pathlib import Path

from wafer.engine import Engine, Given
from wafer.files import complete_file, scratch_near
from wafer.model.families.protocol import Piece
from wafer.model.training_files import TrainingFiles, new_features
from wafer.model.training_set import TrainingSet
from wafer.process import cores, give_back_memory
from wafer.progress import advance, counted
from wafer.wafers.arrays import Features

_IMPORTING = threading.Lock()
_MOST_AT_ONCE = 16  # a fit may hold 300 bytes a wafer besides the features


@dataclass(frozen=True, slots=True)
class Fit:
    """A piece of fitting as a unit of work: what it reads, and the name of the file that it leaves."""

    name: str
    piece: Piece
    features: Given
    rows: Given

    @property
    def steps(self) -> int:
        """Those of the piece, and one for the file."""
        return self.piece.steps + 1


def fit(unit: Fit, folder: Path) -> None:
    """Do a unit of work."""
    with _IMPORTING:  # two threads that import one package at once can find it half imported
        for package in unit.piece.packages:
            import_module(package)
    training = TrainingFiles(unit.features.at_hand(), unit.rows.at_hand()).read()
    with complete_file(folder / unit.name, durable=False) as part:
        unit.piece.work(training, part)
    give_back_memory()
    advance()


class Fits:
    """The fits of one task, gathered before an engine does all of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._added: list[tuple[TrainingFiles, Sequence[Piece]]] = []

    def features(self, rows: int, width: int) -> Features:
        """Return the table that the task's training sets share, to be filled, (rows, width)."""
        return new_features(self._folder / "features.npy", rows, width)

    def files(self, name: str, training: TrainingSet) -> TrainingFiles:
        """Write a training set for units to read: the shared table or some rows of it."""
        features = "features.npy" if training.chosen is None else f"{name}.npy"
        files = TrainingFiles(self._folder / features, self._folder / f"{name}.npz")
        files.write(training)
        return files

    def add(self, files: TrainingFiles, pieces: Sequence[Piece]) -> list[Path]:
        """Let these be done too; returns what they will leave, in their order."""
        self._added.append((files, pieces))
        return [self._folder / _name(files, piece) for piece in pieces]

    def run(self, engine: Engine, what: str) -> None:
        """Do everything that was added; `what` its steps are."""
        units = self._units(engine)
        done = list(accumulate(unit.steps for unit in units))
        with counted(max(done, default=0), what) as reach:
            for steps, _ in zip(done, engine.run(fit, units, self._folder), strict=True):
                reach(steps)
        self._added.clear()

    def _units(self, engine: Engine) -> list[Fit]:
        paths = list(dict.fromkeys(path for files, _ in self._added for path in (files.features, files.rows)))
        given = dict(zip(paths, engine.give(paths), strict=True))
        return _mixed(
            [
                [Fit(_name(files, piece), piece, given[files.features], given[files.rows]) for piece in pieces]
                for files, pieces in self._added
            ]
        )


def _name(files: TrainingFiles, piece: Piece) -> str:
    return f"{files.rows.stem}-{piece.name}"


def at_once() -> int:
    """How many fits are done side by side in one process: each takes one core."""
    return min(_MOST_AT_ONCE, cores())


def _mixed(several: Sequence[Sequence[Fit]]) -> list[Fit]:
    """Spread each list over the whole: threads of a forest wait for each other, not for those of boosting."""
    placed = [(place / len(units), unit) for units in several for place, unit in enumerate(units)]
    return [unit for _, unit in sorted(placed, key=lambda each: each[0])]


@contextmanager
def fits_near(out: Path) -> Iterator[Fits]:
    """Fits whose files lie next to the output, where there is room; what a killed attempt left goes first."""
    with scratch_near(out, "fits") as folder:
        yield Fits(folder)
