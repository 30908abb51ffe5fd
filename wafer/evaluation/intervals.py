"""How sure the ranking figures are: one method for each question.

- Could luck alone give one model this AUC? `auc_standard_error`, from the AUC alone.
- Between which values does a share of the wafers lie? `exact_share`, from the counts alone.
- Between which values do one model's figures lie? `bootstrap`, for every figure that ranks.
- Is one family better than the other in one cluster? `auc_gain`: DeLong's closed form, asked once a cluster.
- Is a challenger better than the champion? `auc_gain_interval`, which also holds where few wafers fail.
- Between which values does a share of counted wafers lie? `exact_rate`.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from wafer.evaluation.curve import curve_of_counts
from wafer.wafers.arrays import Bools, Floats, Ints

RESAMPLES = 500
PAIRED_RESAMPLES = 2000
INTERVAL = (0.05, 0.95)
CONFIDENCE = 1.645  # standard errors of a normal distribution: one-sided 95 %
WITHIN = 1.6448536269514722  # standard errors of a normal distribution that hold the same interval
MOST_RESAMPLED = 50_000  # wafers; beyond, 2,000 resamples take minutes
_HALVINGS = 50  # of an interval that holds a share: all digits that a figure shows
_CELLS = 4_000_000  # counts held at once while two models are compared: 32 MB


@dataclass(frozen=True, slots=True)
class Interval:
    """A 90 % interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Intervals:
    """Intervals of the figures that rank."""

    auc: Interval
    pr_auc: Interval
    recall_at_10: Interval


def bootstrap(failed: Bools, scores: Floats, seed: int = 0) -> Intervals:
    """Intervals over resampled wafers; failing and passing wafers are drawn each by themselves."""
    random = np.random.default_rng(seed)
    values, of_passes, of_failures = _counts(failed, scores)
    drawn = np.empty((RESAMPLES, 3))
    for number in range(RESAMPLES):
        curve = curve_of_counts(values, *(_redrawn(random, each) for each in (of_passes, of_failures)))
        drawn[number] = curve.auc, curve.average_precision, curve.recall_within(0.10)
    return Intervals(*(_interval(values) for values in drawn.T))


def _counts(failed: Bools, scores: Floats) -> tuple[Floats, Ints, Ints]:
    """Each score, and how many passing and failing wafers have it, from the highest score to the lowest."""
    values, place = np.unique(-scores, return_inverse=True)
    passes, failures = (np.bincount(place[failed == each], minlength=len(values)) for each in (False, True))
    return -values, passes, failures


def _redrawn(random: np.random.Generator, counts: Ints) -> Ints:
    """Draw as many wafers again, with replacement."""
    return random.multinomial(int(counts.sum()), counts / counts.sum())


def exact_share(count: int, of: int) -> Interval:
    """90 % interval of a share, `count` of `of` at least one, by the binomial distribution itself (Clopper-Pearson)."""
    ways = np.concatenate([np.zeros(1), np.cumsum(np.log(np.arange(1, of + 1)))])
    ways = ways[of] - ways - ways[::-1]  # logarithm of the ways to draw so many
    low, high = INTERVAL
    return Interval(
        _share_where(ways, count - 1, high) if count else 0.0, _share_where(ways, count, low) if count < of else 1.0
    )


def _share_where(ways: Floats, most: int, chance: float) -> float:
    """The share at which `most` or fewer are drawn with this chance, which falls as the share grows."""
    low, high = 0.0, 1.0
    drawn, of = np.arange(most + 1), len(ways) - 1
    for _ in range(_HALVINGS):
        share = (low + high) / 2
        found = np.exp(ways[: most + 1] + drawn * math.log(share) + (of - drawn) * math.log1p(-share)).sum()
        low, high = (share, high) if found > chance else (low, share)
    return (low + high) / 2


def auc_standard_error(auc: float, failures: int, passes: int) -> float:
    """Standard error of an AUC (Hanley and McNeil 1982)."""
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (failures - 1) * (q1 - auc**2) + (passes - 1) * (q2 - auc**2)
    return math.sqrt(max(variance, 0.0) / (failures * passes))


def auc_gain(failed: Bools, challenger: Floats, champion: Floats) -> tuple[float, float]:
    """Return how much better the challenger ranks the same wafers, and the standard error of that (DeLong 1988)."""
    by_failing = _placements(challenger[failed], challenger[~failed]) - _placements(champion[failed], champion[~failed])
    by_passing = _placements(champion[~failed], champion[failed]) - _placements(challenger[~failed], challenger[failed])
    variance = by_failing.var(ddof=1) / len(by_failing) + by_passing.var(ddof=1) / len(by_passing)
    return float(by_failing.mean()), float(np.sqrt(variance))


def _placements(scores: Floats, others: Floats) -> Floats:
    """Return the share of the other class that lies below each score; ties count half."""
    below, upto, _ = _ranks(scores, others)
    return np.asarray((below + upto) / (2 * len(others)), dtype=np.float64)


def auc_gain_interval(failed: Bools, challenger: Floats, champion: Floats, *, seed: int = 0) -> Interval:
    """90 % interval of the challenger's AUC minus the champion's over resampled wafers, the same ones for both.

    Failing and passing wafers are drawn each by themselves. Wins are counted by rank, so memory grows with the wafers
    and not with the pairs of a failing and a passing one. Among very many wafers the difference is normal, and DeLong's
    error says the same without a resample.
    """
    if len(failed) > MOST_RESAMPLED:
        gain, error = auc_gain(failed, challenger, champion)
        return Interval(gain - WITHIN * error, gain + WITHIN * error)
    failures, passes = int(failed.sum()), int((~failed).sum())
    ranks = [_ranks(scores[failed], scores[~failed]) for scores in (challenger, champion)]
    differences = [
        _wins(of_failures, of_passes, *ranks[0]) - _wins(of_failures, of_passes, *ranks[1])
        for of_failures, of_passes in _draws(failures, passes, seed)
    ]
    return _interval(np.concatenate(differences) / (failures * passes))


def _draws(failures: int, passes: int, seed: int) -> Iterator[tuple[Ints, Ints]]:
    """How often each failing and each passing wafer is drawn, (resamples, wafers), a bounded number at once."""
    random = np.random.default_rng(seed)
    of_failures = random.multinomial(failures, np.full(failures, 1 / failures), PAIRED_RESAMPLES)
    step = max(1, _CELLS // passes)
    for start in range(0, PAIRED_RESAMPLES, step):
        block = of_failures[start : start + step]
        yield block, random.multinomial(passes, np.full(passes, 1 / passes), len(block))


def _wins(of_failures: Ints, of_passes: Ints, below: Ints, upto: Ints, order: Ints) -> Floats:
    """Drawn pairs in which the failing wafer scores higher, by resample; ties count half."""
    drawn = np.zeros((len(of_passes), of_passes.shape[1] + 1), dtype=np.int64)
    np.cumsum(of_passes[:, order], axis=1, out=drawn[:, 1:])
    twice = (of_failures * (drawn[:, below] + drawn[:, upto])).sum(axis=1)
    return np.asarray(twice / 2, dtype=np.float64)


def _ranks(scores: Floats, others: Floats) -> tuple[Ints, Ints, Ints]:
    """For each score how many of the others lie below and how many up to it, and the order of the others."""
    order = np.argsort(others, kind="stable")
    ordered = others[order]
    return np.searchsorted(ordered, scores, "left"), np.searchsorted(ordered, scores, "right"), order


def exact_rate(hits: int, of: int) -> Interval:
    """Exact 90 % interval of a rate (Clopper and Pearson 1934); 0 to 1 where nothing was counted."""
    if not of:
        return Interval(0.0, 1.0)
    tail = INTERVAL[0]
    # P(at least `hits`) grows with the rate and P(at most `hits`) falls: each bound is where that is a tail.
    low = _rate_where(lambda rate: binomial(of, rate)[hits:].sum(), tail) if hits else 0.0
    high = _rate_where(lambda rate: 1.0 - binomial(of, rate)[: hits + 1].sum(), 1.0 - tail) if hits < of else 1.0
    return Interval(low, high)


def binomial(of: int, rate: float) -> Floats:
    """Chance of 0 … `of` hits at a rate strictly between 0 and 1, (of + 1,)."""
    ways = np.concatenate([[0.0], np.cumsum(np.log(np.arange(of, 0, -1)) - np.log(np.arange(1, of + 1)))])
    hits = np.arange(of + 1)
    return np.asarray(np.exp(ways + hits * math.log(rate) + (of - hits) * math.log1p(-rate)))


def _rate_where(chance: Callable[[float], float], wanted: float) -> float:
    """The rate at which a chance that grows with it has this value, to nine places."""
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if chance(middle) < wanted else (low, middle)
    return (low + high) / 2


def _interval(values: Floats) -> Interval:
    low, high = np.quantile(values, INTERVAL)
    return Interval(float(low), float(high))
