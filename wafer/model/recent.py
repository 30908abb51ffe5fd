"""A false-alarm budget that holds on the next batch: the threshold follows recent scores, not only those of training.

From batch to batch the scores of a model move, and a threshold found in training then flags far more or far fewer
wafers than promised. The rank among recent scores keeps the share of flagged wafers, whatever the scores are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wafer.evaluation.rule import Rule
from wafer.model.calibration import threshold_for
from wafer.model.out_of_fold import Known
from wafer.wafers.arrays import Bools, Floats

ENOUGH = 200  # scores; with so many of its own a batch needs no others. At a budget of 10 % the share is exact to .02
LEAST = 50  # scores; fewer cannot say where the highest tenth begins, and the fixed threshold is used


@dataclass(frozen=True, slots=True)
class Threshold:
    """The probability from which wafers are flagged, and where it comes from."""

    value: float
    rule: Rule  # that was used
    scores: int = 0  # that are known: the batch's own and those of wafers scored before
    own: int = 0  # of these, the batch's own


def recent_threshold(budget: float, own: Floats, before: Sequence[Floats], fixed: float) -> Threshold:
    """Flag at most this share of the recent scores: the batch's own, filled up to `ENOUGH` by those scored last before.

    `before` has the scores of earlier batches, the latest first. Outcomes are not known yet, so the share is of all
    wafers; of the passing ones it is less by the failures found. Fewer than `LEAST` scores give the fixed threshold.
    """
    missing = max(0, ENOUGH - len(own))
    recent = np.concatenate([own, *before])[: len(own) + missing]
    if len(recent) < LEAST:
        return Threshold(fixed, "fixed", len(recent), len(own))
    value = threshold_for(budget, recent, np.zeros(len(recent), bool))
    return Threshold(value, "recent", len(recent), len(own))


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of wafers that were new to the model, exact copies once; (wafers,) each."""

    keys: Known  # of the readings; ascending, so that neither order nor names of the wafers count
    probability: Floats

    @classmethod
    def of(cls, keys: Known, probability: Floats, seen: Bools, unlike: Bools) -> "Scored":
        """The scores that say what is usual now: of wafers that the model did not learn from, and can judge."""
        counting = np.flatnonzero(~seen & ~unlike)
        found, first = np.unique(keys[counting], return_index=True)
        return cls(found, probability[counting[first]])

    @classmethod
    def none(cls) -> "Scored":
        """Of no wafer."""
        return cls(np.empty(0, np.uint64), np.empty(0))

    def __len__(self) -> int:
        return len(self.keys)

    def without(self, keys: Known) -> "Scored":
        """Those of other wafers."""
        others = ~np.isin(self.keys, keys)
        return Scored(self.keys[others], self.probability[others])

    def some(self, most: int) -> "Scored":
        """At most so many; keys are digests, so the first are a fair sample."""
        return Scored(self.keys[:most], self.probability[:most])


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Both thresholds of a batch, and which one its verdicts follow."""

    asked: Rule
    fixed: float
    recent: float | None  # None where too few scores are known
    scores: int
    own: int

    @classmethod
    def of(cls, budget: float, own: Scored, before: Sequence[Scored], fixed: float, asked: Rule) -> "Thresholds":
        """Rank among the own scores and those before, the latest first; the same readings count once."""
        known, others = own.keys, list[Floats]()
        for each in before:
            others.append(each.without(known).probability)
            known = np.concatenate([known, each.keys])
        found = recent_threshold(budget, own.probability, others, fixed)
        recent = found.value if found.rule == "recent" else None
        return cls(asked, fixed, recent, found.scores, found.own)

    @property
    def rule(self) -> Rule:
        """The rule that was used."""
        return "recent" if self.asked == "recent" and self.recent is not None else "fixed"

    @property
    def value(self) -> float:
        """The threshold that was used."""
        return self.recent if self.asked == "recent" and self.recent is not None else self.fixed

    @property
    def sentence(self) -> str:
        """Which one was used and why, and what the other would be."""
        if self.rule == "recent":
            return (
                f"The threshold {self.value:.4f} follows {self.scores} recent scores, {self.own} of this batch. "
                f"The fixed one of the training is {self.fixed:.4f}."
            )
        other = "" if self.recent is None else f" One that follows recent scores is {self.recent:.4f}."
        why = (
            f"only {self.scores} recent scores are known and {LEAST} are needed to follow them"
            if self.asked == "recent"
            else "fixed was asked for"
        )
        return f"The threshold {self.value:.4f} is the fixed one of the training: {why}.{other}"

    def to_json(self) -> dict[str, object]:
        """The figures by name, as a run publishes and counts them."""
        return {
            "threshold": self.value,
            "threshold_rule": self.rule,
            "threshold_asked": self.asked,
            "fixed_threshold": self.fixed,
            "recent_threshold": self.recent,
            "recent_scores": self.scores,
            "own_scores": self.own,
            "threshold_note": self.sentence,
        }
