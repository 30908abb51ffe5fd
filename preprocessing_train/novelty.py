"""What is usual among the wafers, and from where a wafer is too unlike them, found on wafers held out.

The lowest and highest reading of a sensor are those of all wafers. The rest is learned from the first wafers by key: a
random sample, small enough to be in memory at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from preprocessing_train.ordering import Ordered
from wafer.model.novelty import NoveltyModel
from wafer.model.recipe import Recipe
from wafer.model.training_set import deal_folds
from wafer.model.usual import Pattern, Spans, clipped
from wafer.wafers.arrays import Features, Floats, Ints
from wafer.wafers.table import ROWS_AT_ONCE

SAMPLE = 2 * ROWS_AT_ONCE  # wafers: 38 MB of 590 sensors
_WAFERS_A_COMPONENT = 4  # fewer, and a component describes single wafers
_LEAST_READINGS = 20  # fewer say nothing of how far a sensor reads
_LEAST_RESIDUAL = 0.05  # scales of a sensor; of sensors that follow from one another nothing else is left over
_ROUNDING, _LEAST_SCALE = 1e-6, 1e-30  # of a median; where every wafer of the sample reads the same
_NORMAL = 1.349  # interquartile range of a normal distribution, in standard deviations


@dataclass(frozen=True, slots=True)
class Spread:
    """How far a sensor read in all wafers, and how often."""

    readings: int
    low: float
    high: float

    @property
    def varies(self) -> bool:
        """Whether the sensor ever read differently."""
        return self.high > self.low

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and highest reading; NaN where too few are known to say."""
        return (self.low, self.high) if self.readings >= _LEAST_READINGS else (np.nan, np.nan)


def spread_of(readings: Features | Floats) -> Spread:
    """Describe one sensor, (wafers,)."""
    spoken = readings[~np.isnan(readings)]
    return Spread(len(spoken), *((float(spoken.min()), float(spoken.max())) if len(spoken) else (np.nan, np.nan)))


@dataclass(frozen=True, slots=True)
class _Sample:
    sensors: tuple[str, ...]
    readings: Features  # (wafers, sensors)
    fold: Ints  # (wafers,)

    def of(self, sensors: Sequence[str]) -> "_Sample":
        """Return the readings of these sensors that are known in the sample."""
        wanted = set(sensors)
        places = [
            i for i, name in enumerate(self.sensors) if name in wanted and not np.isnan(self.readings[:, i]).all()
        ]
        return _Sample(tuple(self.sensors[i] for i in places), self.readings[:, places], self.fold)


def learn_novelty(
    wafers: Ordered, spreads: Mapping[str, Spread], usable: Sequence[str], recipe: Recipe
) -> NoveltyModel:
    """Learn from all sensors how far they read, and from the `usable` ones how they read together."""
    ends = [spreads[name].ends for name in wafers.sensors]
    spans = Spans(wafers.sensors, *np.array(ends).T)
    sample = _sample(wafers, recipe.folds)
    with threadpool_limits(1):
        pattern, residuals = _pattern(sample.of(usable), recipe)
    residual = float(np.quantile(residuals, recipe.novelty_heldout_percentile / 100))
    return NoveltyModel(spans, _ranges(sample, recipe), pattern, max(residual, _LEAST_RESIDUAL))


def _sample(wafers: Ordered, folds: int) -> _Sample:
    parts: list[Features] = []
    for block in wafers.blocks():
        parts.append(block.readings)
        if sum(map(len, parts)) >= SAMPLE:
            break
    readings = np.concatenate(parts)
    return _Sample(wafers.sensors, readings, deal_folds(wafers.failed, folds)[: len(readings)])


def _ranges(sample: _Sample, recipe: Recipe) -> float:
    """Return how many ranges of the other wafers a held-out wafer may read outside: two, more on a line of spikes."""
    furthest = np.zeros(len(sample.fold))
    for fold in np.unique(sample.fold):
        out = sample.fold == fold
        lows, highs = np.array([spread_of(column).ends for column in sample.readings[~out].T]).T
        varies = highs > lows
        spans = Spans((), lows[varies], highs[varies])
        furthest[out] = spans.excess(sample.readings[out][:, varies].astype(np.float64)).max(axis=1, initial=0.0)
    found = float(np.quantile(furthest, recipe.novelty_heldout_percentile / 100))
    return min(max(found, recipe.novelty_ranges), recipe.novelty_most_ranges)


def _pattern(sample: _Sample, recipe: Recipe) -> tuple[Pattern, Floats]:
    """Return the pattern of all wafers, and what patterns of the other folds leave over of each wafer, (wafers,)."""
    readings = sample.readings.astype(np.float64)
    medians, scales = _scaled(readings)
    draft = replace(Pattern.none(), sensors=sample.sensors, medians=medians, scales=scales, clip=recipe.novelty_clip)
    z = clipped(readings, medians, scales, draft.clip).astype(np.float64)
    folds = {fold: _Sums.of(z[sample.fold == fold]) for fold in np.unique(sample.fold).tolist()}
    residuals = np.empty(len(z))
    for fold in folds:
        others = _Sums.joined([sums for other, sums in folds.items() if other != fold])
        residuals[sample.fold == fold] = others.fitted(draft, recipe).oddness(readings[sample.fold == fold])
    return _Sums.joined(list(folds.values())).fitted(draft, recipe), residuals


def _scaled(readings: Floats) -> tuple[Floats, Floats]:
    """Return the median and the scale of each sensor.

    The scale lies between the spread of most wafers and that of all: a sensor with rare spikes has both in it.
    """
    low, medians, high = np.nanquantile(readings, [0.25, 0.5, 0.75], axis=0)
    deviations = np.nanstd(readings, axis=0)
    usual = np.where(high > low, (high - low) / _NORMAL, deviations)
    return medians, np.maximum(np.sqrt(usual * deviations), _ROUNDING * np.abs(medians) + _LEAST_SCALE)


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums over some wafers' clipped z, of which principal components are made."""

    wafers: int
    sums: Floats  # (sensors,)
    products: Floats  # (sensors, sensors)

    @classmethod
    def of(cls, z: Floats) -> "_Sums":
        return cls(len(z), z.sum(axis=0), z.T @ z)

    @classmethod
    def joined(cls, parts: Sequence["_Sums"]) -> "_Sums":
        wafers, sums, products = zip(*((part.wafers, part.sums, part.products) for part in parts), strict=True)
        return cls(sum(wafers), np.sum(sums, axis=0), np.sum(products, axis=0))

    def fitted(self, draft: Pattern, recipe: Recipe) -> Pattern:
        """Add the strongest components; each is shrunk by how much of its variance a ridge takes for signal."""
        means = self.sums / self.wafers
        variances, vectors = np.linalg.eigh(self.products / self.wafers - np.outer(means, means))
        most = min(recipe.novelty_components, self.wafers // _WAFERS_A_COMPONENT, len(means) - 1)
        strongest = slice(None, -most - 1, -1)
        noise = recipe.novelty_ridge * np.maximum(variances, 0.0).mean()
        signal = (1 - recipe.novelty_ridge) * np.maximum(variances[strongest], 0.0)
        shrunk = vectors.T[strongest] * np.sqrt(signal / (signal + noise + _LEAST_SCALE))[:, None]
        return replace(draft, means=means.astype(np.float32), components=np.ascontiguousarray(shrunk, dtype=np.float32))
