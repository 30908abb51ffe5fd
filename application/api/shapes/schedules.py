"""Predictions that start by themselves."""

from pydantic import ConfigDict, Field

from application.api.shapes.runs import PredictRequest
from application.api.shapes.shown import Shown
from application.runs.run import contract_in
from application.schedules.schedules import Standing
from wafer.store import layout

MOST_HOURS = 24 * 31


class ScheduleRequest(PredictRequest):
    """Look at a source every so many hours, and predict it when its files are others than before."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"source": layout.batch_set("predict", "line-4"), "hours": 6}]}
    )
    hours: float = Field(24.0, ge=0.25, le=MOST_HOURS)


class PlannedPrediction(Shown):
    """A schedule and its last look; times are ISO 8601 in UTC, empty before the first look."""

    name: str
    source: str
    hours: float
    by: str
    at: str = Field(description="When it was asked for.")
    due: str = Field(description="When the next look is.")
    looked: str
    found: str = Field(examples=["Nothing came since the last prediction."])
    run_id: str = Field(description="The last prediction that it started.")
    contract: str

    @classmethod
    def of(cls, standing: Standing, source: str, found: str) -> "PlannedPrediction":
        """A schedule as the interface shows it: its source as callers name it, what was found without our folders."""
        each, by_contract = standing.schedule, contract_in(standing.schedule.parameters)
        return cls.of_record(each, source=source, due=standing.due, found=found, contract=by_contract)
