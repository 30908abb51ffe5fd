"""What a version's predictions turned out to be worth, by period: what it promised against what came of it.

Wafers that the model learned from say nothing about it and do not come in here; whoever collects predictions leaves
them out (`wafer.outcomes.judged`).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wafer.evaluation.curve import curve_of
from wafer.evaluation.intervals import bootstrap, exact_share
from wafer.evaluation.promised import PromisedRanking
from wafer.evaluation.reliability import reliability
from wafer.evaluation.standing import Calibration, Period, Scorecard, Share, SideBySide, Standing, Statement
from wafer.wafers.arrays import Bools, Floats

LEAST = 5  # wafers of either outcome; with fewer an AUC and its interval mean nothing
CHANCE = 0.5  # AUC of a ranking that knows nothing
_UNDATED = "undated"
_WEDNESDAY = 3  # the first of January 1970 was a Thursday, and a week begins on Monday


@dataclass(frozen=True, slots=True)
class Judged:
    """Predictions of one version whose outcome is known, one a wafer, (wafers,) each."""

    moment: npt.NDArray[np.datetime64]  # of the batch; NaT where nobody knows
    probability: Floats
    flagged: Bools
    failed: Bools
    budget: Floats  # share of the passing wafers that may be flagged, as promised with the verdict
    inspected: Bools  # the verdict is `inspect`, whatever the probability
    run: npt.NDArray[np.str_]  # that predicted

    def __len__(self) -> int:
        return len(self.failed)

    def some(self, chosen: Bools) -> "Judged":
        """A part of them."""
        return Judged(
            self.moment[chosen],
            self.probability[chosen],
            self.flagged[chosen],
            self.failed[chosen],
            self.budget[chosen],
            self.inspected[chosen],
            self.run[chosen],
        )


def scorecard(
    version: int,
    judged: Judged,
    unit: Period = "month",
    in_training: int = 0,
    promised: PromisedRanking | None = None,
) -> Scorecard:
    """Sum up a version's predictions, all of them and by period."""
    names = judged.run if unit == "run" else _names(judged.moment, unit)
    bins = reliability(judged.failed, judged.probability) if len(judged) else []
    return Scorecard(
        version=version,
        unit=unit,
        in_training=in_training,
        total=standing("all", judged, promised),
        periods=tuple(standing(name, judged.some(names == name), promised) for name in _in_order(names, judged)),
        calibration=tuple(Calibration(predicted=b.predicted, observed=b.observed, wafers=b.wafers) for b in bins),
    )


def comparison(version: int, judged: Judged, other: int, others: Judged) -> SideBySide:
    """Sum up two versions on the same wafers."""
    return SideBySide(
        version=version, other=other, standing=standing("both", judged), other_standing=standing("both", others)
    )


def standing(period: str, judged: Judged, promised: PromisedRanking | None = None) -> Standing:
    """Sum up some predictions."""
    failures, passes = int(judged.failed.sum()), int((~judged.failed).sum())
    found, misled = int(judged.flagged[judged.failed].sum()), int(judged.flagged[~judged.failed].sum())
    budget = float(judged.budget[~judged.failed].mean()) if passes else None
    false_alarm_rate = _share(misled, passes)
    auc = _auc(judged) if min(failures, passes) >= LEAST else None
    least = promised.least(failures, passes) if promised and auc else None
    return Standing(
        period=period,
        wafers=len(judged),
        failures=failures,
        expected_failures=float(judged.probability.sum()),
        found=found,
        false_alarms=misled,
        inspected=int(judged.inspected.sum()),
        budget=budget,
        recall=_share(found, failures),
        false_alarm_rate=false_alarm_rate,
        statement=statement(budget, false_alarm_rate),
        auc=auc,
        promised_auc=promised.auc if promised else None,
        least_auc=least,
        ranking=ranking(auc, least) if promised else None,
    )


def statement(budget: float | None, rate: Share | None) -> Statement:
    """Whether the promise was kept.

    It is broken where even the low end of the interval exceeds the budget. Where the interval is wider than the budget
    itself, the wafers are too few to say that it was kept.
    """
    if rate is None or budget is None:
        return "too few to say"
    if rate.low > budget:
        return "broken"
    return "too few to say" if rate.high - rate.low > budget else "kept"


def ranking(auc: Share | None, least: float | None) -> Statement:
    """Whether the wafers were ranked as promised.

    By rank the share of flagged wafers is kept whatever the model is worth, so false alarms hardly tell of one that
    has become useless, or of wrong outcomes; this does. Where even a ranking by chance is not below the limit, the
    wafers are too few to say.
    """
    if auc is None or least is None:
        return "too few to say"
    if auc.value < least:
        return "broken"
    return "kept" if least > CHANCE else "too few to say"


def _share(count: int, of: int) -> Share | None:
    if not of:
        return None
    interval = exact_share(count, of)
    return Share(value=count / of, low=interval.low, high=interval.high)


def _auc(judged: Judged) -> Share:
    interval = bootstrap(judged.failed, judged.probability).auc
    return Share(value=curve_of(judged.failed, judged.probability).auc, low=interval.low, high=interval.high)


def _in_order(names: npt.NDArray[np.str_], judged: Judged) -> list[str]:
    """Each period once, by its earliest batch; what has no date comes first."""
    order = np.lexsort((names, judged.moment, ~np.isnat(judged.moment)))
    return list(dict.fromkeys(names[order].tolist()))


def _names(moment: npt.NDArray[np.datetime64], unit: Period) -> npt.NDArray[np.str_]:
    days = moment.astype("datetime64[D]")
    if unit == "week":
        days = days - (days.astype(np.int64) + _WEDNESDAY) % 7
    texts = np.datetime_as_string(days, unit="M" if unit == "month" else "D")
    return np.where(np.isnat(days), _UNDATED, texts)
