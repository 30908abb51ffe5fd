"""What a promotion decided about one version, and the numbers it rests on: `decision.json`, a tag in the registry."""

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, computed_field

from wafer.evaluation.chosen import chosen
from wafer.evaluation.quality import Figures
from wafer.evaluation.rule import Rule

Mode = Literal["auto", "candidate"]  # who promotes: the training itself, or a person after it
Evidence = Literal["outcomes", "forward", "whole_file", "out_of_fold"]  # what a comparison rests on, the best first
_MODES: dict[str, Mode] = {"auto": "auto", "candidate": "candidate"}


def mode_of(text: str, default: Mode) -> Mode:
    """The mode that a run's parameter names; empty is the default. Raises `ContractInvalid`."""
    return chosen("promotion", text, _MODES, default)


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Floor(_Record):
    """A minimum requirement: a figure that a candidate must exceed."""

    name: str
    value: float
    limit: float
    meaning: str

    @computed_field  # type: ignore[prop-decorator]  # mypy issue 14461
    @property
    def passed(self) -> bool:
        """Whether the figure exceeds its limit."""
        return self.value > self.limit


class OperatingPoint(_Record):
    """What a model's threshold does with the compared wafers: its own of the training, or the rank among their scores.

    By rank both models have the budget of production, so that they are compared at the same share of flagged wafers.
    """

    rule: Rule = "fixed"
    budget: float
    threshold: float
    recall: float
    false_alarm_rate: float
    limit: float  # of that rate: a fixed threshold that keeps the budget exceeds it once in 20 times


class Fall(_Record):
    """How the champion ranks wafers that only the challenger learned from, against its own figure.

    Labels of the added wafers that are wrong make it fall, and so does a line that has changed.
    """

    own_auc: float
    auc: float
    limit: float  # a champion that is as good as it was falls below it once in 20 times
    wafers: int
    failures: int
    challenger_auc: float  # out of fold, on the same wafers

    @computed_field  # type: ignore[prop-decorator]  # mypy issue 14461
    @property
    def alarm(self) -> bool:
        """Whether chance does not explain it."""
        return self.auc < self.limit


class Comparison(_Record):
    """Two models on the same wafers; `low` to `high` is the 90 % interval of the difference (paired bootstrap)."""

    champion_version: int
    wafers: int
    failures: int
    champion_auc: float
    challenger_auc: float
    low: float
    high: float
    missing: int  # wafers the champion learned from and the challenger did not
    added: int  # wafers the challenger learned from and the champion did not
    relabelled: int  # wafers both learned from, with different outcomes
    evidence: Evidence = "out_of_fold"
    copies: int = 0  # wafers left out because they are near copies of others
    champion_point: OperatingPoint | None = None
    challenger_point: OperatingPoint | None = None
    fall: Fall | None = None  # None where too few wafers were added to tell

    @computed_field  # type: ignore[prop-decorator]  # mypy issue 14461
    @property
    def difference(self) -> float:
        """Challenger minus champion, in AUC."""
        return self.challenger_auc - self.champion_auc


Decided = Literal["went into production", "was left to a person", "was not promoted"]


class PromotionDecision(_Record):
    """Whether a version went into production, why, and which promotion was the last when that was decided."""

    run_id: str
    model_version: int
    digest: str
    promoted: bool
    reason: str
    floors: tuple[Floor, ...]
    comparison: Comparison | None
    metrics: Figures  # out of fold
    forward_auc: float | None = None  # on later files; None where nobody asked
    wafers: int
    failures: int
    after_promotion: int = 0  # its number; 0 before the first
    mode: Mode = "auto"
    waits: bool = False  # for a person, who may promote it by hand
    near_copies: int = 0  # wafers that read like another one to within a thousandth

    @property
    def decided(self) -> Decided:
        """What became of the version at its training, in words; what people did later is in the log of promotions."""
        return "went into production" if self.promoted else "was left to a person" if self.waits else "was not promoted"

    @property
    def question(self) -> str:
        """What a person should look at, whatever was decided; empty where nothing is odd."""
        if self.failures <= self.wafers / 2:
            return ""
        return (
            f"{self.failures} of {self.wafers} wafers failed: are the labels the other way round? If so, write "
            "`labels: {-1: fail, 1: pass}` in the policy."
        )

    @property
    def explained(self) -> str:
        """The reason, and the question if there is one."""
        return f"{self.reason} {self.question}".strip()

    def to_json(self, indent: int | None = None) -> str:
        """The decision as JSON text."""
        return json.dumps(self.model_dump(), indent=indent, sort_keys=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> "PromotionDecision":
        """Read what `to_json` wrote."""
        return cls.model_validate_json(text)
