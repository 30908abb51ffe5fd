"""Fit the preprocessor on the wafers of one training run, and hand these on in the form that models learn from."""

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from preprocessing_train.learn import learn_preprocessor
from wafer.files import complete_folder
from wafer.model.assembly import PREPROCESSOR, STATISTICS
from wafer.model.files import write_json
from wafer.model.preprocessor import DropReason
from wafer.model.recipe import Recipe
from wafer.model.statistics import StatisticsFile, sensor_statistics
from wafer.model.training_set import deal_folds
from wafer.wafers.arrays import read_wafers
from wafer.wafers.identity import as_models_see, distinct
from wafer.wafers.training_file import TrainingWafers, write_training


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


def fit_preprocessor(export: Path, out: Path, training: Path, recipe: Recipe | None = None) -> Preprocessed:
    """Learn from `export`; write the preprocessor directory `out` and the Parquet file `training`.

    Whether a wafer is a copy of another one is decided here, once. Raises DataUnlearnable.
    """
    recipe = recipe or Recipe()
    everything = read_wafers(export)
    measured, keys = distinct(everything)
    wafers = replace(measured, readings=as_models_see(measured.readings).astype(np.float64))
    preprocessor = learn_preprocessor(wafers, recipe)
    statistics = sensor_statistics(measured)
    with complete_folder(out) as folder:
        write_json(folder / PREPROCESSOR, preprocessor)
        write_json(folder / STATISTICS, StatisticsFile.of(statistics))
    kept = replace(wafers, sensors=preprocessor.sensors, readings=wafers.columns(preprocessor.sensors))
    write_training(training, TrainingWafers(kept, keys, deal_folds(kept.known_failed, recipe.folds)))
    reasons = Counter(dropped.reason for dropped in preprocessor.dropped.values())
    return Preprocessed(
        wafers=len(wafers),
        copies=len(everything) - len(wafers),
        failures=statistics.failures,
        sensors_kept=len(preprocessor.sensors),
        sensors_silent=reasons[DropReason.SILENT],
        sensors_constant=reasons[DropReason.CONSTANT],
        sensors_moving_together=reasons[DropReason.MOVES_WITH],
    )
