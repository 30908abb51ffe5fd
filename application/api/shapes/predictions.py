"""Predicted wafers."""

from typing import Literal

from pydantic import BaseModel, Field

Verdict = Literal["pass", "fail", "inspect"]


class Reason(BaseModel):
    """A sensor that made a wafer suspicious: its value and where 90 % of the passing wafers lie."""

    sensor: str
    value: float | None
    usual_low: float | None
    usual_high: float | None
    contribution: float | None


class Prediction(BaseModel):
    """One wafer; rank 1 is the most suspicious."""

    rank: int
    wafer: str
    verdict: Verdict
    probability: float | None
    threshold: float | None
    cluster: int | None
    distance_percentile: float | None
    top_sensors: list[Reason]
    note: str
    in_training: bool = Field(False, description="The model learned from these very readings, so this is no forecast.")
    file: str


class PredictionPage(BaseModel):
    """Some predictions; `total` counts all that were asked for, `next` is the offset of the next page."""

    run_id: str
    model_version: int | None
    total: int
    offset: int
    next: int | None
    counts: dict[Verdict, int]
    predictions: list[Prediction]


class Budget(BaseModel):
    """What a false-alarm budget means: threshold, wafers of this run it flags, and how many of them by mistake."""

    budget: float
    threshold: float
    recall: float = Field(description="Share of failing wafers found, out of fold.")
    flagged: int
    expected_false_alarms: float


class Budgets(BaseModel):
    """The false-alarm budgets from 1 to 50 % for a run's wafers."""

    run_id: str
    model_version: int
    current: float
    budgets: list[Budget]
