"""Tests forward in time show the skill that rests on the sensors, and none that only neighbours lend."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model_training.fits import fits_near
from model_training.forward import Unseen, held_out
from wafer.engine import Inline
from wafer.evaluation.held_out import HeldOutFigures
from wafer.evaluation.walk_forward import Timeline
from wafer.model.families.boosted_trees import BoostedTrees
from wafer.model.families.random_forest import RandomForest
from wafer.model.recipe import Recipe
from wafer.model.training_set import deal_folds, training_set

RECIPE = Recipe(families=(RandomForest(trees=40, least_trees=40), BoostedTrees(rounds=20)))
FILES, SIZE = 10, 60


Figures = tuple[HeldOutFigures | None, HeldOutFigures | None]
Measure = Callable[..., Figures]


@pytest.fixture
def figures(tmp_path: Path) -> Measure:
    """Figures forward in time and of whole files; the family that serves is the first one."""

    def measured(readings: np.ndarray, failed: np.ndarray, file: np.ndarray, threads: int = 1) -> Figures:
        stamps = np.datetime64("2020-01-01T00:00:00") + file.astype("timedelta64[D]")
        line = Timeline.of(stamps, [f"{each:02}.csv" for each in file], [f"W-{row}" for row in range(len(file))])
        scores = {"random_forest": failed + 0.0, "xgboost": failed + 0.0}
        with fits_near(tmp_path / "out") as fits:
            features = fits.features(*readings.shape)
            features[:] = readings
            training = training_set(features, failed, deal_folds(failed, RECIPE.folds))
            found = held_out(fits, training, line, scores, RECIPE, Inline(threads))
        return found.figures(failed, line, RECIPE.false_alarm_budget)

    return measured


def made(skill: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    file, failed = np.repeat(np.arange(FILES), SIZE), random.random(FILES * SIZE) < 0.15
    readings = np.column_stack([failed * skill + random.normal(0, 1, len(file)), random.normal(0, 1, len(file))])
    return readings, failed, file


def test_skill_that_rests_on_the_sensors_holds_forward_and_in_whole_files(figures: Measure) -> None:
    forward, whole_files = figures(*made(skill=3.0))

    assert forward is not None
    assert whole_files is not None
    assert forward.auc > 0.9
    assert whole_files.auc > 0.9
    assert forward.auc_interval.low < forward.auc < forward.auc_interval.high


def test_skill_that_rests_on_the_file_goes(figures: Measure) -> None:
    random = np.random.default_rng(2)
    file = np.repeat(np.arange(FILES), SIZE)
    failed = random.random(len(file)) < np.array([0.5, 0.05, 0.05, 0.4, 0.02, 0.5, 0.1, 0.5, 0.05, 0.3])[file]
    level = random.normal(0, 1, FILES)  # the sensor tells the file, and nothing else
    readings = np.column_stack([level[file] + random.normal(0, 0.01, len(file)), random.normal(0, 1, len(file))])

    forward, whole_files = figures(readings, failed, file)

    assert forward is not None
    assert whole_files is not None
    assert forward.auc < 0.7
    assert whole_files.auc < 0.7


@pytest.mark.slow  # every fit forward
def test_every_tested_file_is_told_in_the_order_of_time_and_adds_up(figures: Measure) -> None:
    forward, _ = figures(*made(skill=2.0))

    assert forward is not None
    names = [each.name for each in forward.parts]
    assert names == sorted(names)
    assert sum(each.wafers for each in forward.parts) == forward.pooled.wafers
    for rule in ("fixed", "recent"):
        pooled, parts = getattr(forward.pooled, rule), [getattr(each, rule) for each in forward.parts]
        assert (sum(each.found for each in parts), sum(each.false_alarms for each in parts)) == (
            pooled.found,
            pooled.false_alarms,
        )


@pytest.mark.slow  # every fit twice
def test_threads_change_nothing(figures: Measure) -> None:
    assert figures(*made(skill=1.0)) == figures(*made(skill=1.0), threads=3)


def test_failures_that_all_lie_in_the_last_file_cannot_be_judged_forward(figures: Measure) -> None:
    readings, _, file = made(skill=1.0)

    assert figures(readings, file == FILES - 1, file) == (None, None)


def test_the_threshold_by_rank_keeps_the_budget_when_all_scores_move() -> None:
    rng = np.random.default_rng(5)
    file = np.repeat(np.arange(8), 100)
    line = Timeline.of(np.full(800, np.datetime64("NaT"), "datetime64[s]"), [f"{n}" for n in file], ["W-1"] * 800)
    failed, probability = rng.random(800) < 0.06, rng.random(800) * 0.05
    model = Unseen(probability, np.full(800, 0.09), np.where(file < 4, 0, 1))  # no score comes near the threshold

    found = model.figures(failed, line, 0.10, by_file=True)

    assert found is not None
    assert found.pooled.fixed.false_alarm_rate == 0.0
    assert found.pooled.recent.false_alarm_rate == pytest.approx(0.10, abs=0.02)
