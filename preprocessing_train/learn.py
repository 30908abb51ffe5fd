"""Which sensors a model can learn from, what stands in for a silent one, and how every sensor read.

Medians, extremes and quantiles are exact, found for some sensors of all wafers at a time. Correlations come from sums
over blocks of wafers, in the order of the wafers' keys.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from preprocessing_train.described import Sensor, described
from preprocessing_train.novelty import learn_novelty
from preprocessing_train.ordering import Ordered
from wafer.engine import Engine
from wafer.errors import DataUnlearnable
from wafer.model.novelty import NoveltyModel
from wafer.model.preprocessor import Dropped, DropReason, Preprocessor
from wafer.model.recipe import Recipe
from wafer.model.statistics import SensorStatistics
from wafer.shares import percent
from wafer.wafers.arrays import Bools, Floats
from wafer.wafers.export import ExportFile


@dataclass(frozen=True, slots=True)
class Learned:
    """What preprocessing found out."""

    preprocessor: Preprocessor
    statistics: SensorStatistics
    novelty: NoveltyModel


def learn(export: ExportFile, wafers: Ordered, recipe: Recipe, engine: Engine) -> Learned:
    """Keep the sensors that vary, speak and are not copies of one another. Raises DataUnlearnable."""
    sensors, statistics = described(export, wafers, engine)
    dropped = _unusable(sensors, recipe)
    usable = [name for name in sensors if name not in dropped]
    if not usable:
        raise DataUnlearnable(
            "No sensor can be learned from: every one is constant or silent in more than "
            f"{percent(recipe.max_missing_share, 0)} of the {len(wafers)} wafers. Check how the batches were exported."
        )
    medians = {name: median for name in usable if (median := sensors[name].median) is not None}  # it varies
    twins = _twins(_correlations(wafers, medians) > recipe.max_correlation)
    dropped |= {usable[copy]: Dropped(DropReason.MOVES_WITH, usable[original]) for copy, original in twins.items()}
    kept = tuple(name for i, name in enumerate(usable) if i not in twins)
    preprocessor = Preprocessor(
        contract=wafers.sensors,
        sensors=kept,
        medians=tuple(medians[name] for name in kept),
        indicators=_indicators(sensors, kept) if recipe.missing_indicators else (),
        dropped=dropped,
    )
    spreads = {name: sensor.spread for name, sensor in sensors.items()}
    return Learned(preprocessor, statistics, learn_novelty(wafers, spreads, usable, recipe))


def check_learnable(failed: Bools, recipe: Recipe) -> None:
    """Refuse data that cannot train an honest model, in one sentence that says what is lacking."""
    wafers = len(failed)
    failures, passes = int(failed.sum()), int((~failed).sum())
    if not failures or not passes:
        outcome = "passed" if passes else "failed"
        raise DataUnlearnable(
            f"All {wafers} wafers {outcome}; a model needs examples of both. If the validation quarantined rows for "
            "their outcome, say in the policy what its values mean, for example `labels: {0: pass, 1: fail}`. Else add "
            "batches of the other outcome."
        )
    if failures < recipe.min_failures or passes < recipe.min_passes:
        raise DataUnlearnable(
            f"Only {failures} of the {wafers} wafers failed and {passes} passed; at least {recipe.min_failures} "
            f"failing and {recipe.min_passes} passing wafers are needed to train and to compare a model. "
            "Add labelled batches."
        )


def _unusable(sensors: Mapping[str, Sensor], recipe: Recipe) -> dict[str, Dropped]:
    reasons: dict[str, Dropped] = {}
    for name, sensor in sensors.items():
        if sensor.missing > recipe.max_missing_share:
            reasons[name] = Dropped(DropReason.SILENT)
        elif not sensor.spread.varies:
            reasons[name] = Dropped(DropReason.CONSTANT)
    return reasons


def _twins(correlated: Bools) -> dict[int, int]:
    """Return column -> earlier kept column it moves with, walking from the left."""
    alive: Bools = np.ones(len(correlated), bool)
    twins: dict[int, int] = {}
    for column in range(len(correlated)):
        if alive[column]:
            copies = np.flatnonzero(correlated[column] & alive)
            copies = copies[copies > column]
            alive[copies] = False
            twins |= dict.fromkeys(copies.tolist(), column)
    return twins


def _correlations(wafers: Ordered, medians: Mapping[str, float]) -> Floats:
    """Return |r| of every two sensors, where a silent sensor reads as its median, (sensors, sensors).

    Sums of products of deviations from the median: blocks and their order follow from the wafers alone, and one thread
    adds up, so that the same wafers give the same bits.
    """
    columns, middle = [wafers.sensors.index(name) for name in medians], np.array(list(medians.values()))
    products, sums = np.zeros((len(middle), len(middle))), np.zeros(len(middle))
    with threadpool_limits(1):
        for block in wafers.blocks():
            away = np.nan_to_num(block.readings[:, columns] - middle)
            products += away.T @ away
            sums += away.sum(axis=0)
    covariance = products - np.outer(sums, sums / len(wafers))
    norms = np.sqrt(np.maximum(covariance.diagonal(), 0.0))
    norms = np.where(norms > 0, norms, 1.0)
    return np.asarray(np.abs(covariance / norms / norms[:, None]))


def _indicators(sensors: Mapping[str, Sensor], kept: Sequence[str]) -> tuple[str, ...]:
    """Pick kept sensors whose silence differs between wafers, one for each distinct pattern of silence."""
    first: dict[str, str] = {}
    for name in kept:
        first.setdefault(sensors[name].silence, name)
    first.pop("", None)
    return tuple(first.values())
