"""From an additive score to a probability, and from a false-alarm budget to a threshold."""

from dataclasses import dataclass

import numpy as np

from wafer.wafers.arrays import Bools, Floats, Ints

STEP = 1e-6  # probabilities live on this grid, so CSV, Parquet and verdict can never disagree
_DECIMALS = 6
_MIN_SLOPE = 1e-3
_USUAL_SLOPE = 0.6  # log-odds for one standard deviation of the score: an AUC of about .66
_PRIOR = 50.0  # what the usual slope weighs: as much as some 50 failing wafers
_ROUNDS = 100


@dataclass(frozen=True, slots=True)
class Calibration:
    """Platt scaling: log-odds = slope * score + intercept, slope above 0, so the order of the scores is kept."""

    slope: float
    intercept: float

    def log_odds(self, score: Floats) -> Floats:
        """Return calibrated log-odds of failure."""
        return self.slope * score + self.intercept


def probability_of(log_odds: Floats) -> Floats:
    """Return probabilities on the grid of STEP."""
    return np.round(1.0 / (1.0 + np.exp(-np.clip(log_odds, -40.0, 40.0))), _DECIMALS)


def fit_calibration(scores: Floats, failed: Bools) -> Calibration:
    """Fit Platt scaling on scores of wafers the scoring model never saw (Platt 1999).

    The slope is drawn towards a usual one: 30 failing wafers alone cannot tell it to better than a third, and on wafers
    not seen that costs a fifth of the Brier skill. The order of the scores is not touched by it.
    """
    centre, spread = float(scores.mean()), float(scores.std()) or 1.0
    standard = (scores - centre) / spread
    slope, intercept = _newton(standard, _smoothed(failed))
    slope = max(slope, _MIN_SLOPE)  # scores that know nothing: everybody gets the failure rate
    if slope == _MIN_SLOPE:
        intercept = float(np.log((failed.sum() + 1) / ((~failed).sum() + 1)))
    return Calibration(slope / spread, intercept - slope * centre / spread)


def _smoothed(failed: Bools) -> Floats:
    failures, passes = int(failed.sum()), int((~failed).sum())
    return np.where(failed, (failures + 1) / (failures + 2), 1 / (passes + 2))


def _newton(standard: Floats, targets: Floats) -> tuple[float, float]:
    design = np.column_stack([standard, np.ones_like(standard)])
    weights = np.array([_USUAL_SLOPE, float(np.log(targets.mean() / (1 - targets.mean())))])
    for _ in range(_ROUNDS):
        p = 1.0 / (1.0 + np.exp(-np.clip(design @ weights, -40.0, 40.0)))
        hessian = design.T @ (design * (p * (1 - p))[:, None]) + np.diag([_PRIOR, 1e-9])
        gradient = design.T @ (p - targets) + np.array([_PRIOR * (weights[0] - _USUAL_SLOPE), 0.0])
        step = np.linalg.solve(hessian, gradient)
        weights = weights - step / max(1.0, float(np.abs(step).max()))  # at most one unit at a time: no overshoot
        if np.abs(step).max() < 1e-12:
            break
    return float(weights[0]), float(weights[1])


def threshold_for(budget: float, probability: Floats, failed: Bools) -> float:
    """Return the lowest threshold that flags at most this share of the good wafers.

    Flagged is `probability >= threshold`. A larger budget never gives a higher threshold; a budget of 1 flags all.
    """
    good = np.sort(probability[~failed])[::-1]
    allowed = _allowed(budget, len(good))
    return 0.0 if allowed >= len(good) else _just_above(good[allowed])


def threshold_at(budget: float, at: Floats, passes: Ints) -> float:
    """Return the same where so many good wafers have each probability, (points,) both, ascending."""
    above = np.cumsum(passes[::-1])  # good wafers at or above each probability, descending
    good = int(above[-1]) if len(above) else 0
    allowed = _allowed(budget, good)
    return 0.0 if allowed >= good else _just_above(at[::-1][np.searchsorted(above, allowed, "right")])


def _allowed(budget: float, good: int) -> int:
    return int(np.floor(budget * good + 1e-9))


def _just_above(probability: float) -> float:
    return float(np.round(probability + STEP, _DECIMALS))
