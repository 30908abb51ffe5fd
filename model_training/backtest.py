"""A training's test forward in time by itself, told file by file; no model is kept."""

from pathlib import Path

from model_training.everywhere import fit_and_test
from model_training.fits import fits_near
from wafer.engine import Engine
from wafer.errors import DataUnlearnable
from wafer.evaluation.backtest import Walk
from wafer.evaluation.by_file import Backtest
from wafer.model.recipe import Recipe


def backtest(training_file: Path, preprocessor: Path, scratch: Path, recipe: Recipe, engine: Engine) -> Backtest:
    """Walk forward over the files of a training file; `scratch` is a name in a folder with room for the fits.

    Raises DataUnlearnable where no file can be tested.
    """
    with fits_near(scratch) as fits:
        fitted = fit_and_test(training_file, preprocessor, fits, recipe, engine)
    asked, budget = fitted.later.forward, recipe.false_alarm_budget
    if not (asked.test >= 0).any():
        raise DataUnlearnable(
            f"No file can be tested: the files before it must hold {recipe.min_failures} failing and "
            f"{recipe.min_passes} passing wafers, and a failing one must follow. Add batches."
        )
    flags = asked.flagged(fitted.line, budget)
    return Walk(fitted.line, fitted.failed, asked.probability, asked.test, *flags).backtest(budget)
