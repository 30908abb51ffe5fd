"""A version's record on wafers whose outcome came later, as it is told: promise, recall, false alarms, by period."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, computed_field

Period = Literal["run", "day", "week", "month"]
Statement = Literal["kept", "broken", "too few to say"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Share(_Record):
    """A figure with its 90 % interval."""

    value: float
    low: float
    high: float


class Standing(_Record):
    """How the version did in one period; a figure is None where too few wafers tell it."""

    period: str  # id of a run, 2026-11-27, 2026-11-23 (the Monday of a week), 2026-11, or `undated`
    wafers: int
    failures: int
    expected_failures: float  # sum of the probabilities
    found: int  # failing wafers that were flagged
    false_alarms: int  # passing wafers that were flagged
    inspected: int
    budget: float | None  # mean over the passing wafers
    recall: Share | None
    false_alarm_rate: Share | None
    statement: Statement  # about the budget
    auc: Share | None
    promised_auc: float | None = None  # of the training's test forward in time; None where it had none
    least_auc: float | None = None  # below it the ranking is worse than promised, beyond chance
    ranking: Statement | None = None  # about the AUC

    @property
    def broken(self) -> bool:
        """Whether one of the two promises is broken."""
        return "broken" in (self.statement, self.ranking)


class Calibration(_Record):
    """Wafers of similar probability."""

    predicted: float
    observed: float
    wafers: int


class SideBySide(_Record):
    """Two versions on the same wafers, which neither had seen: one in production, the other in its shadow."""

    version: int
    other: int
    standing: Standing
    other_standing: Standing


class Reviewed(_Record):
    """Unseen wafers that people decided about and no file told of; no rate counts them, as most were flagged."""

    wafers: int
    flagged: int
    faults: int  # of the flagged ones
    missed: int  # faults among the others

    @computed_field  # type: ignore[prop-decorator]  # mypy issue 14461
    @property
    def sentence(self) -> str:
        """The same for a person; empty where nobody decided."""
        if not self.wafers:
            return ""
        return (
            f"People decided about wafers that no file tells of ({self.wafers:,}): {self.faults:,} of the "
            f"{self.flagged:,} flagged ones were faults, and {self.missed:,} of the others. No rate counts them, since "
            "people look at what is flagged."
        )


class Scorecard(_Record):
    """A version's record on wafers that it had not seen; `in_training` are those left out because it had."""

    version: int
    unit: Period
    in_training: int
    total: Standing
    periods: tuple[Standing, ...]  # the oldest first
    calibration: tuple[Calibration, ...]
    reviewed: Reviewed = Reviewed(wafers=0, flagged=0, faults=0, missed=0)
    comparison: SideBySide | None = None  # None where no other version predicted the same wafers
