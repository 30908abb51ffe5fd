"""Which sensors a model can learn from, and what stands in for a silent one."""

import warnings

import numpy as np

from wafer.errors import DataUnlearnable
from wafer.model.preprocessor import Dropped, DropReason, Preprocessor
from wafer.model.recipe import Recipe
from wafer.wafers.arrays import Bools, Floats, Wafers


def learn_preprocessor(wafers: Wafers, recipe: Recipe) -> Preprocessor:
    """Keep the sensors that vary, speak and are not copies of one another. Raises DataUnlearnable."""
    check_learnable(wafers, recipe)
    dropped = _unusable(wafers, recipe)
    usable = [name for name in wafers.sensors if name not in dropped]
    if not usable:
        raise DataUnlearnable(
            "No sensor can be learned from: every one is constant or silent in more than "
            f"{recipe.max_missing_share:.0%} of the {len(wafers)} wafers. Check how the batches were exported."
        )
    readings = wafers.columns(usable)
    medians = np.nanmedian(readings, axis=0)
    twins = _twins(np.where(np.isnan(readings), medians, readings), recipe.max_correlation)
    dropped |= {usable[copy]: Dropped(DropReason.MOVES_WITH, usable[original]) for copy, original in twins.items()}
    kept = [i for i in range(len(usable)) if i not in twins]
    sensors = tuple(usable[i] for i in kept)
    return Preprocessor(
        contract=wafers.sensors,
        sensors=sensors,
        medians=tuple(float(medians[i]) for i in kept),
        indicators=_indicators(wafers, sensors) if recipe.missing_indicators else (),
        dropped=dropped,
    )


def check_learnable(wafers: Wafers, recipe: Recipe) -> None:
    """Refuse data that cannot train an honest model, in one sentence that says what is lacking."""
    failed = wafers.known_failed
    failures, passes = int(failed.sum()), int((~failed).sum())
    if wafers.failed is None:
        raise DataUnlearnable("The wafers have no outcome, so there is nothing to learn. Give labelled batches.")
    if not failures or not passes:
        outcome = "passed" if passes else "failed"
        raise DataUnlearnable(
            f"All {len(wafers)} wafers {outcome}; a model needs examples of both. Add batches of the other outcome."
        )
    if failures < recipe.min_failures or passes < recipe.min_passes:
        raise DataUnlearnable(
            f"Only {failures} of the {len(wafers)} wafers failed and {passes} passed; at least {recipe.min_failures} "
            f"failing and {recipe.min_passes} passing wafers are needed to train and to compare a model. "
            "Add labelled batches."
        )


def _unusable(wafers: Wafers, recipe: Recipe) -> dict[str, Dropped]:
    missing = np.isnan(wafers.readings).mean(axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a sensor that never spoke has no extremes
        varies = np.nanmax(wafers.readings, axis=0) > np.nanmin(wafers.readings, axis=0)
    reasons: dict[str, Dropped] = {}
    for name, share, alive in zip(wafers.sensors, missing.tolist(), varies.tolist(), strict=True):
        if share > recipe.max_missing_share:
            reasons[name] = Dropped(DropReason.SILENT)
        elif not alive:
            reasons[name] = Dropped(DropReason.CONSTANT)
    return reasons


def _twins(readings: Floats, limit: float) -> dict[int, int]:
    """Return column -> earlier kept column it moves with (|r| above the limit), walking from the left."""
    correlated = _correlations(readings) > limit
    alive: Bools = np.ones(len(correlated), bool)
    twins: dict[int, int] = {}
    for column in range(len(correlated)):
        if alive[column]:
            copies = np.flatnonzero(correlated[column] & alive)
            copies = copies[copies > column]
            alive[copies] = False
            twins |= dict.fromkeys(copies.tolist(), column)
    return twins


def _correlations(readings: Floats) -> Floats:
    centred = readings - readings.mean(axis=0)
    norms = np.sqrt((centred**2).sum(axis=0))
    standard = centred / np.where(norms > 0, norms, 1.0)
    return np.asarray(np.abs(standard.T @ standard))


def _indicators(wafers: Wafers, sensors: tuple[str, ...]) -> tuple[str, ...]:
    """Pick kept sensors whose silence differs between wafers, one for each distinct pattern of silence."""
    silent = np.isnan(wafers.columns(sensors))
    seen: dict[bytes, str] = {}
    for column in np.flatnonzero(silent.any(axis=0) & ~silent.all(axis=0)):
        seen.setdefault(silent[:, column].tobytes(), sensors[column])
    return tuple(seen.values())
