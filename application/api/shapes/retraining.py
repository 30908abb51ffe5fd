"""Decisions about training again."""

from pydantic import BaseModel, ConfigDict, Field

from application.api.shapes.contracts import ContractChoice
from application.api.shapes.shown import Shown
from application.retraining.decision import Decision


class RetrainingDecision(Shown):
    """What was decided, by whom and why; `run_id` is the training that it started, or empty; `at` is in UTC."""

    at: str
    by: str = Field(examples=["the service"])
    train: bool
    why: str = Field(
        examples=["5 labelled files came since training train-20260321T081500-3f2a1b; it trains again every 5."]
    )
    trained: str = Field(description="The last training that had succeeded then.")
    batches: int = Field(description="Labelled files that had come since.")
    run_id: str
    contract: str

    @classmethod
    def of(cls, decision: Decision) -> "RetrainingDecision":
        """A decision as the interface shows it."""
        return cls.of_record(decision, run_id=decision.started)


class RetrainingRequest(BaseModel):
    """Whether only to tell."""

    model_config = ConfigDict(extra="forbid")
    dry_run: bool = False
    contract: ContractChoice = ""


class RetrainingHistory(BaseModel):
    """Decisions, newest first."""

    decisions: list[RetrainingDecision]
