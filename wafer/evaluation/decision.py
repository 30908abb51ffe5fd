"""What a promotion decided about one version, and the numbers it rests on: `decision.json`, a tag in the registry."""

import json

from pydantic import BaseModel, ConfigDict, computed_field

from wafer.evaluation.quality import Figures


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

    @computed_field  # type: ignore[prop-decorator]  # mypy issue 14461
    @property
    def difference(self) -> float:
        """Challenger minus champion, in AUC."""
        return self.challenger_auc - self.champion_auc


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
    wafers: int
    failures: int
    after_promotion: int = 0  # its number; 0 before the first

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
