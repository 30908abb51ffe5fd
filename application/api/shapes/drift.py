"""Drift over the predictions of the past."""

from pydantic import BaseModel, Field


class DriftLine(BaseModel):
    """How far the batches of one prediction had moved from training."""

    run_id: str
    ended: str
    source: str
    wafers: int
    sensors: int = Field(description="Sensors of a wafer.")
    outside: list[str] = Field(description="Sensors that do not read as in training: all of the three lists below.")
    share: float | None = Field(description="Of the sensors, those outside.")
    moved: list[str] = Field(description="Sensors whose distribution has shifted; asked of 50 wafers or more.")
    left: list[str] = Field(
        description="Sensors with too many readings outside their range; asked of 200 wafers or fewer."
    )
    silent: list[str] = Field(description="Sensors without any reading that were not silent in training.")
    unlike: float = Field(description="Share of the wafers that are unlike every training wafer.")
    warnings: list[str]


class DriftPage(BaseModel):
    """Drift of the newest predictions, the oldest first."""

    runs: list[DriftLine]


class LotDriftLine(BaseModel):
    """How far one lot of a prediction had moved from training."""

    lot: str
    wafers: int
    outside: list[str]
    share: float = Field(description="Of the sensors, those outside.")
    moved: list[str]
    left: list[str]
    silent: list[str]


class LotDriftPage(BaseModel):
    """Drift of the lots of one prediction, in the order of their names."""

    run_id: str
    by: str
    sensors: int
    lots: list[LotDriftLine]
