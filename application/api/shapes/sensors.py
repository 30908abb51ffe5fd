"""Sensors of predictions: behind flags, screened, and one over the wafers of a run."""

from typing import Literal

from pydantic import BaseModel, Field

from application.api.shapes.predictions import Verdict

Outcome = Literal["pass", "fail"]


class SensorBehindFlags(BaseModel):
    """A bar of the Pareto chart."""

    sensor: str
    wafers: int = Field(description="Flagged wafers that name the sensor among their reasons.")
    carried: float = Field(description="Sum over these of the share of the wafer's score that the sensor carries.")
    cumulative: float = Field(description="Share of all namings, this sensor and those before it.")


class SensorsBehindFlags(BaseModel):
    """The sensors that flagged wafers name, the most often named first; those the model learned from do not count."""

    by: str = Field(description="The column that `lot` is a value of; empty: all wafers.")
    lot: str
    columns: list[str] = Field(description="What `by` may be.")
    runs: int = Field(description="Predictions that were read; each wafer counts once, by its latest.")
    flagged: int
    explained: int = Field(description="Flagged wafers with published reasons: the first ranks of each run.")
    sensors: list[SensorBehindFlags]


class ScreenedSensor(BaseModel):
    """How far a sensor moved in a run; null: the run does not say it."""

    sensor: str
    stability: float | None = Field(description="Population stability index; null for fewer than 50 wafers.")
    moved: bool = Field(description="The index is above .25 by more than chance.")
    level: float | None = Field(
        description="Share of the passing training wafers at or below the run's median; .5 as in training."
    )
    silent_now: float | None = Field(description="Share of the run's wafers without a reading.")
    silent_in_training: float | None
    newly_silent: bool
    outside: str = Field(description="For few wafers: readings beyond a limit of training, more than by chance.")
    flagged: int = Field(description="Flagged wafers of the run that name it.")


class RunSensors(BaseModel):
    """The sensors of a prediction that its model uses, the most moved first."""

    run_id: str
    model_version: int | None
    wafers: int
    warnings: list[str]
    sensors: list[ScreenedSensor]


class TrainingReadings(BaseModel):
    """How training wafers read a sensor, at the levels of the series."""

    wafers: int
    failures: int
    missing: float = Field(description="Share of the training wafers without a reading.")
    passing: list[float | None]
    failing: list[float | None]


class SensorDistribution(BaseModel):
    """Readings of some wafers at the levels of the series."""

    wafers: int
    quantiles: list[float]


class SensorBatch(BaseModel):
    """Wafers of one file, or of consecutive files where there are too many."""

    file: str
    files: int
    moment: str | None = Field(description="When the file was written, by its name.")
    first: int = Field(description="Place of its first wafer in the order of the line.")
    wafers: int
    silent: int
    median: float | None
    shifted: bool = Field(
        description="At least 10 readings, and their median outside the middle 80 % of the passing training wafers."
    )


class SensorReading(BaseModel):
    """One reading; `at` is its place in the order of the line."""

    at: int
    wafer: str
    file: str
    value: float | None
    verdict: Verdict
    in_training: bool = Field(False, description="The model learned from this wafer: its verdict is no forecast.")
    rank: int
    outcome: Outcome | None


class SensorSeries(BaseModel):
    """A sensor over the wafers of a run, by the time of their files, then by name."""

    run_id: str
    model_version: int | None
    sensor: str
    wafers: int
    silent: int
    stretch: int = Field(
        description="1: every reading is among `points`. Else, of each so many consecutive readings, the lowest, the "
        "highest and the one of the most suspicious wafer."
    )
    points: list[SensorReading]
    batches: list[SensorBatch]
    levels: list[float] = Field(description="Levels of all quantiles.")
    training: TrainingReadings | None = Field(description="Null where the registry does not hold the version any more.")
    now: SensorDistribution | None
    passed: SensorDistribution | None = Field(
        description="Wafers of the run that are known to have passed, if 5 or more."
    )
    failed: SensorDistribution | None
    screened: ScreenedSensor | None = Field(description="Null for a sensor that the model does not use.")
