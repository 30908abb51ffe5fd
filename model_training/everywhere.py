"""Every family on all wafers, and tested on later files: what a training keeps and what a backtest tells."""

from dataclasses import dataclass
from pathlib import Path

from model_training.fits import Fits
from model_training.forward import HeldOut, held_out
from model_training.learn import fit_families
from wafer.engine import Engine
from wafer.evaluation.walk_forward import Stamps, Timeline
from wafer.model.assembly import PREPROCESSOR
from wafer.model.families.protocol import FitPlan, Fitted
from wafer.model.files import read_json
from wafer.model.preprocessor import Preprocessor
from wafer.model.recipe import Recipe
from wafer.model.training_set import TrainingSet, training_set
from wafer.wafers.arrays import Bools, Floats
from wafer.wafers.identity import Keys
from wafer.wafers.training_file import TrainingFile


@dataclass(frozen=True, slots=True)
class Everywhere:
    """The fits on all wafers and the answers of the tests; (wafers,) where nothing else is named."""

    keys: Keys
    failed: Bools
    batch: Stamps
    line: Timeline
    families: dict[str, Fitted]
    later: HeldOut

    @property
    def scores(self) -> dict[str, Floats]:
        """Out of fold, by family."""
        return {name: each.scores for name, each in self.families.items()}


def fit_and_test(training_file: Path, preprocessor: Path, fits: Fits, recipe: Recipe, engine: Engine) -> Everywhere:
    """Fit every family on all wafers; then ask lighter ones of the past, and of other files."""
    with TrainingFile(training_file) as wafers:
        training, keys = read_training_set(wafers, preprocessor, fits), wafers.keys
        line, batch = wafers.timeline, wafers.batch
    families = fit_families(fits, training, recipe, FitPlan(recipe.seed, in_cluster=False), engine)
    scores = {name: each.scores for name, each in families.items()}
    later = held_out(fits, training, line, scores, recipe, engine)
    return Everywhere(keys, training.failed, batch, line, families, later)


def read_training_set(wafers: TrainingFile, preprocessor: Path, fits: Fits) -> TrainingSet:
    """Read the features once for all fits of the task."""
    learned = read_json(preprocessor / PREPROCESSOR, Preprocessor)
    width = len(learned.sensors) + len(learned.indicators)
    features = fits.features(wafers.wafers, width)
    for part in wafers.parts(learned.sensors):
        features[part.row : part.row + len(part.readings)] = learned.features(part.readings)
    return training_set(features, wafers.failed, wafers.fold)
