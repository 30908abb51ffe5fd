"""The figures of pooled answers, and how far two systems differ on the same wafers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wafer.evaluation.curve import curve_of
from wafer.evaluation.metrics import measure
from wafer.wafers.arrays import Bools, Floats, Ints

FIGURES = ("AUC", "PR AUC", "BER", "lowest BER", "recall at 10 %", "Brier skill")
_INTERVAL = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class Pooled:
    """Answers for every wafer once at most, each by a model that did not learn from it."""

    failed: Bools
    probability: Floats
    flagged: Bools

    @classmethod
    def empty(cls, failed: Bools) -> "Pooled":
        """No wafer was asked about yet."""
        return cls(failed, np.full(len(failed), np.nan), np.zeros(len(failed), bool))

    def asked(self) -> "Pooled":
        """Return the wafers that were asked about; forward in time the first ones never are."""
        return self.rows(np.flatnonzero(~np.isnan(self.probability)))

    def rows(self, index: Ints) -> "Pooled":
        """Return the answers at these positions; a position may stand more than once."""
        return Pooled(self.failed[index], self.probability[index], self.flagged[index])


@dataclass(frozen=True, slots=True)
class Difference:
    """First minus second, with a 90 % interval."""

    mean: float
    low: float
    high: float


def figures_of(pooled: Pooled) -> dict[str, float]:
    """Return every figure by its name."""
    quality = measure(pooled.failed, pooled.probability, pooled.flagged)
    lowest = curve_of(pooled.failed, pooled.probability).lowest_balanced_error_rate
    values = (quality.auc, quality.pr_auc, quality.ber, lowest, quality.recall_at_10, quality.brier_skill)
    return dict(zip(FIGURES, values, strict=True))


def differences(
    first: Sequence[Pooled], second: Sequence[Pooled], resamples: int, seed: int = 0
) -> Mapping[str, Difference]:
    """Compare two systems over the same repeats: wafers are resampled, the same ones for both and for every repeat."""
    rng = np.random.default_rng(seed)
    failing, passing = np.flatnonzero(first[0].failed), np.flatnonzero(~first[0].failed)
    drawn = [
        _gap(first, second, np.concatenate([rng.choice(part, len(part)) for part in (failing, passing)]))
        for _ in range(resamples)
    ]
    low, high = np.quantile(drawn, _INTERVAL, axis=0)
    means = _gap(first, second, np.arange(len(first[0].failed)))
    return {name: Difference(*map(float, values)) for name, *values in zip(FIGURES, means, low, high, strict=True)}


def _gap(first: Sequence[Pooled], second: Sequence[Pooled], index: Ints) -> Floats:
    """Figures of the first minus those of the second on some wafers, mean over the repeats."""
    gaps = [
        np.subtract(list(figures_of(ours.rows(index)).values()), list(figures_of(theirs.rows(index)).values()))
        for ours, theirs in zip(first, second, strict=True)
    ]
    return np.asarray(np.mean(gaps, axis=0))
