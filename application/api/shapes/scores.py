"""Wafers to judge at once, and the answers."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr

from application.api.shapes.contracts import ContractChoice
from application.api.shapes.predictions import Reason, Verdict
from wafer.evaluation.rule import Rule

MOST_WAFERS = 1000
Reading = Annotated[StrictStr | StrictFloat | StrictInt | None, Field(union_mode="left_to_right")]

_AS_GIVEN = ConfigDict(ser_json_inf_nan="constants")  # a client's NaN is refused by the service, not sent as silence


class WaferReadings(BaseModel):
    """One wafer: a reading for each sensor of the contract, null where there is none."""

    model_config = _AS_GIVEN

    wafer: str = Field(max_length=200, examples=["Wafer-801"])
    readings: dict[Annotated[str, Field(max_length=200)], Reading] = Field(
        max_length=20_000, examples=[{"Sensor-1": 2968.33, "Sensor-2": None}]
    )


class ScoreRequest(BaseModel):
    """Wafers to judge; sensors by the names that the line uses."""

    model_config = _AS_GIVEN

    wafers: list[WaferReadings] = Field(min_length=1, max_length=MOST_WAFERS)
    contract: ContractChoice = ""
    reasons: bool = Field(False, description="Name the sensors that raised each wafer's score.")
    false_alarm_budget: float | None = Field(
        None, gt=0, lt=1, description="Share of good wafers that may be flagged; null: the model's own."
    )
    threshold: Literal["", "fixed", "recent"] = Field(
        "",
        description="Keep the budget by the threshold of the training, or by rank among recent scores; empty: as "
        "WAFER_THRESHOLD says.",
    )


class ScoredWafer(BaseModel):
    """The answer about one wafer."""

    wafer: str
    verdict: Verdict
    probability: float
    cluster: int
    distance_percentile: float
    top_sensors: list[Reason]
    note: str
    in_training: bool = Field(description="The model was trained on these readings, so this is not a forecast.")


class RefusedWafer(BaseModel):
    """A wafer that could not be judged; `place` counts the request's wafers from 0."""

    place: int
    wafer: str
    code: str
    message: str


class Scores(BaseModel):
    """The answers, in the order of the request."""

    model_version: int
    threshold: float
    threshold_rule: Rule = Field("fixed", description="The rule that was used.")
    threshold_note: str = Field("", description="Which threshold was used and why, and what the other would be.")
    false_alarm_budget: float
    wafers: list[ScoredWafer]
    refused: list[RefusedWafer]


class ScoreTally(BaseModel):
    """What this process answered since it took up the version in production."""

    model_version: int
    since: str
    wafers: int
    counts: dict[Verdict, int]
    moved: list[str] = Field(description="Sensors that have moved away from the training wafers.")
    warnings: list[str]
