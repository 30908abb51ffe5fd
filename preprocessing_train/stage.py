"""Fit the preprocessor on the wafers of one training run, and hand these on in the form that models learn from."""

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from preprocessing_train.learn import check_learnable, learn
from preprocessing_train.ordering import Ordered, in_order
from wafer.contract.file_name import FileName
from wafer.engine import Engine, Inline
from wafer.files import complete_folder
from wafer.model.assembly import NOVELTY, PREPROCESSOR, STATISTICS
from wafer.model.files import write_json
from wafer.model.preprocessor import DropReason, Preprocessor
from wafer.model.recipe import Recipe
from wafer.model.statistics import StatisticsFile
from wafer.model.training_set import deal_folds
from wafer.wafers.export import ExportFile
from wafer.wafers.training_file import training_writer

AT_ONCE = 1  # blocks of sensors in this process: each may take 200 MB


@dataclass(frozen=True, slots=True)
class Preprocessed:
    """What the stage found and kept."""

    wafers: int  # learned from; exact copies counted once
    copies: int  # wafers left out because another one has the same readings and label
    failures: int
    sensors_kept: int
    sensors_silent: int
    sensors_constant: int
    sensors_moving_together: int


def fit_preprocessor(
    export: Path, out: Path, training: Path, recipe: Recipe | None = None, engine: Engine | None = None
) -> Preprocessed:
    """Learn from `export`; write the preprocessor directory `out` and the Parquet file `training`.

    Whether a wafer is a copy of another one is decided here, once. The engine describes sensors, by default one block
    of them after the other. Raises DataUnlearnable.
    """
    recipe = recipe or Recipe()
    training.parent.mkdir(parents=True, exist_ok=True)
    with ExportFile(export) as file, tempfile.TemporaryDirectory(prefix=".order-", dir=training.parent) as scratch:
        wafers = in_order(file, Path(scratch))
        check_learnable(wafers.failed, recipe)
        learned = learn(file, wafers, recipe, engine or Inline(AT_ONCE))
        with complete_folder(out) as folder:
            write_json(folder / PREPROCESSOR, learned.preprocessor)
            write_json(folder / STATISTICS, StatisticsFile.of(learned.statistics))
            learned.novelty.save(folder / NOVELTY)
        _write_training(training, wafers, learned.preprocessor, recipe.folds, file.file_names)
        copies = file.wafers - len(wafers)
    reasons = Counter(dropped.reason for dropped in learned.preprocessor.dropped.values())
    return Preprocessed(
        wafers=len(wafers),
        copies=copies,
        failures=learned.statistics.failures,
        sensors_kept=len(learned.preprocessor.sensors),
        sensors_silent=reasons[DropReason.SILENT],
        sensors_constant=reasons[DropReason.CONSTANT],
        sensors_moving_together=reasons[DropReason.MOVES_WITH],
    )


def _write_training(path: Path, wafers: Ordered, preprocessor: Preprocessor, folds: int, file_names: bytes) -> None:
    kept = [wafers.sensors.index(name) for name in preprocessor.sensors]
    fold, row = deal_folds(wafers.failed, folds), 0
    form = FileName.from_json(file_names) if file_names else None
    with training_writer(path, preprocessor.sensors) as write:
        for block in wafers.blocks():
            here = slice(row, row + len(block.table))
            texts = [block.table[name] for name in ("key", "_id", "wafer", "file")]
            write([*texts, _batches(texts[-1], form), fold[here], wafers.failed[here]], block.readings[:, kept])
            row = here.stop


def _batches(files: pa.ChunkedArray, form: FileName | None) -> pa.Array:
    """When each wafer's file was written, null where its name does not say so."""
    stamps = {name: form.stamp(name) if form else None for name in pc.unique(files).to_pylist()}
    return pa.array([stamps[name] for name in files.to_pylist()], pa.timestamp("s"))
