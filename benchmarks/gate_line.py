"""A small made-up line for the gate: wafers, a model that fits in a millisecond, and the truth about both."""

import math
import re
from dataclasses import dataclass, replace
from functools import reduce
from typing import NamedTuple, cast

import numpy as np
import pyarrow as pa

from load_prod_model.contestant import Contestant
from wafer.model import ModelBundle, OutOfFold, content_keys
from wafer.model.calibration import fit_calibration, probability_of
from wafer.model.out_of_fold import InTime, joined
from wafer.wafers.arrays import Bools, Floats, Ints, Wafers

SENSORS = 12
INFORMATIVE = 4
SHIFT = 0.45  # standard deviations between failing and passing wafers, in each informative sensor
FAILING = 0.08
FOLDS = 5
USUAL = 10.0  # reading
BUDGET = 0.10
TURN = 0.12  # radians that the direction of failure turns in a month
DATED = re.compile(r"\d{4}-\d{2}$")


@dataclass(frozen=True, slots=True)
class Line:
    """A line; `turned` says how far (radians) failures show in other sensors than at its beginning."""

    turned: float = 0.0

    def wafers(self, count: int, random: np.random.Generator, file: str = "") -> Wafers:
        """Make wafers with their true outcomes."""
        failed = random.random(count) < FAILING
        readings = USUAL + random.normal(0.0, 1.0, (count, SENSORS))
        for start, share in ((0, math.cos(self.turned)), (INFORMATIVE, math.sin(self.turned))):
            readings[:, start : start + INFORMATIVE] += share * SHIFT * failed[:, None]
        names = tuple(f"W-{number}" for number in random.integers(0, 2**62, count))
        sensors = tuple(f"Sensor - {number + 1}" for number in range(SENSORS))
        return Wafers(names, names, (file,) * count, sensors, readings, failed)


def drifting(count: int, first: int, months: int, random: np.random.Generator) -> Wafers:
    """Wafers of a line that turns a little every month, a file a month."""
    parts = [
        Line(TURN * month).wafers(count // months, random, f"2026-{month + 1:02}")
        for month in range(first, first + months)
    ]
    return reduce(joined_wafers, parts)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is made: the sensors it looks at, and noise in place of skill."""

    sensors: int = SENSORS
    noise: float = 0.0
    budget: float = BUDGET


@dataclass(frozen=True, slots=True)
class Probabilities:
    """A model's answer."""

    probability: Floats


class Discriminant(NamedTuple):
    """Fisher's linear discriminant, shrunk towards equal sensors, with some noise as a worse recipe has it."""

    weights: Floats
    slope: float
    intercept: float

    def raw(self, readings: Floats) -> Floats:
        """Score readings; higher is more suspicious."""
        return np.asarray((readings - USUAL) @ self.weights)

    def score(self, wafers: Wafers) -> Probabilities:
        """Score wafers as a bundle does."""
        return Probabilities(probability_of(self.slope * self.raw(wafers.readings) + self.intercept))


def fitted(readings: Floats, failed: Bools, recipe: Recipe, seed: int) -> Discriminant:
    """Fit the discriminant."""
    kept = slice(SENSORS - recipe.sensors, None)  # a poor recipe does not see the first sensors
    inside = readings[:, kept] - USUAL
    gap = inside[failed].mean(axis=0) - inside[~failed].mean(axis=0)
    spread = np.cov(inside[~failed], rowvar=False) + np.eye(recipe.sensors)
    weights = np.zeros(SENSORS)
    weights[kept] = np.linalg.solve(spread, gap)
    weights += recipe.noise * np.abs(weights).mean() * np.random.default_rng(seed).normal(size=SENSORS)
    return Discriminant(weights, 1.0, 0.0)


def trained(wafers: Wafers, recipe: Recipe, seed: int) -> Contestant:
    """Train as the product does: scores out of fold, calibration on them, a model of all wafers."""
    readings, failed = wafers.readings, wafers.known_failed
    fold = np.random.default_rng(seed).permutation(len(wafers)) % FOLDS
    raw = np.empty(len(wafers))
    for number in range(FOLDS):
        out: Bools = fold == number
        raw[out] = fitted(readings[~out], failed[~out], recipe, seed).raw(readings[out])
    calibration = fit_calibration(raw, failed)
    line = fitted(readings, failed, recipe, seed)
    model = line._replace(slope=calibration.slope, intercept=calibration.intercept)
    names, clusters = pa.array(wafers.names), np.zeros(len(wafers), dtype=np.int64)
    scores = probability_of(calibration.log_odds(raw))
    rows = joined(
        [OutOfFold(content_keys(wafers), names, names, clusters, failed, scores, InTime.unknown(len(wafers)))]
    )
    return Contestant(cast("ModelBundle", model), rows, recipe.budget)


def in_time(wafers: Wafers, recipe: Recipe, seed: int) -> InTime:
    """Test on each file a model of the files before it, as the product does; files are named by their month."""
    months = np.array([f"{name}-01" if DATED.match(name) else "NaT" for name in wafers.files], "datetime64[s]")
    known = np.unique(months[~np.isnat(months)])
    tested = replace(InTime.unknown(len(wafers)), batch=months)
    for month in known[2:]:
        past, now = months < month, months == month
        model = fitted(wafers.readings[past], wafers.known_failed[past], recipe, seed)
        fit = fit_calibration(model.raw(wafers.readings[past]), wafers.known_failed[past])
        tested.forward[now] = probability_of(fit.log_odds(model.raw(wafers.readings[now])))
    return tested


def joined_wafers(one: Wafers, other: Wafers) -> Wafers:
    """Put wafers together."""
    return Wafers(
        one.ids + other.ids,
        one.names + other.names,
        one.files + other.files,
        one.sensors,
        np.concatenate([one.readings, other.readings]),
        np.concatenate([one.known_failed, other.known_failed]),
    )


def mislabelled(wafers: Wafers, share: float, random: np.random.Generator) -> Wafers:
    """Say the opposite of a share of the wafers."""
    wrong = random.random(len(wafers)) < share
    return replace(wafers, failed=wafers.known_failed ^ wrong)


def copied(wafers: Wafers, chosen: Ints, random: np.random.Generator) -> Wafers:
    """Measure wafers again: every reading a little off."""
    again = wafers.rows(chosen)
    off = 1.0 + random.uniform(-4e-4, 4e-4, again.readings.shape)
    names = tuple(f"{name}-again" for name in again.names)
    return replace(again, ids=names, names=names, readings=again.readings * off)
