"""Fit the preprocessor on the wafers of one training run."""

from dataclasses import dataclass
from pathlib import Path

from preprocessing_train.learn import CONSTANT, SILENT, learn_preprocessor
from wafer.model.assembly import PREPROCESSOR, STATISTICS
from wafer.model.files import replacing, write_json
from wafer.model.recipe import Recipe
from wafer.model.statistics import sensor_statistics
from wafer.wafers.arrays import read_wafers, training_rows


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


def fit_preprocessor(export: Path, out: Path, recipe: Recipe | None = None) -> Preprocessed:
    """Learn from `export` and write the preprocessor directory `out`. Raises DataUnlearnable."""
    everything = read_wafers(export)
    wafers = training_rows(everything)
    preprocessor = learn_preprocessor(wafers, recipe or Recipe())
    statistics = sensor_statistics(wafers)
    with replacing(out) as folder:
        write_json(folder / PREPROCESSOR, preprocessor.to_json())
        write_json(folder / STATISTICS, statistics.to_json())
    reasons = list(preprocessor.dropped.values())
    silent, constant = reasons.count(SILENT), reasons.count(CONSTANT)
    return Preprocessed(
        wafers=len(wafers),
        copies=len(everything) - len(wafers),
        failures=statistics.failures,
        sensors_kept=len(preprocessor.sensors),
        sensors_silent=silent,
        sensors_constant=constant,
        sensors_moving_together=len(reasons) - silent - constant,
    )
