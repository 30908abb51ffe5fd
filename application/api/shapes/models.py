"""Versions of the model, and how good they are."""

from pydantic import BaseModel, Field

from wafer.evaluation.decision import PromotionDecision


class Undecided(BaseModel):
    """Nothing: the training was cut before it decided about its version."""


class Model(BaseModel):
    """A version of the model; `decision` is what its promotion decided."""

    version: int
    production: bool
    aliases: list[str]
    created: str
    run_id: str
    digest: str
    decision: PromotionDecision | Undecided


class Models(BaseModel):
    """Every version, newest first, and the versions in the order in which they came into production."""

    models: list[Model]
    production: int | None
    history: list[int]


class Cluster(BaseModel):
    """A cluster of wafers, and the model that judges it."""

    cluster: int
    wafers: int
    failures: int
    family: str
    auc: dict[str, float]


class Point(BaseModel):
    """A point of a curve over thresholds, from the strictest to the loosest."""

    threshold: float | None
    false_alarm_rate: float
    recall: float
    precision: float | None


class Bin(BaseModel):
    """A group of wafers of similar predicted probability."""

    predicted: float
    observed: float
    wafers: int


class Figure(BaseModel):
    """A figure with its 90 % interval over resampled wafers, where it has one, and what chance reaches."""

    name: str = Field(examples=["auc"])
    value: float
    low: float | None
    high: float | None
    chance: float


class ModelCurves(BaseModel):
    """How good a version is on wafers it never saw (out of fold); `threshold` is that of its false-alarm budget."""

    version: int
    wafers: int
    failures: int
    false_alarm_budget: float
    threshold: float
    figures: list[Figure]
    curve: list[Point]
    calibration: list[Bin]
    clusters: list[Cluster]


class SensorRange(BaseModel):
    """How a sensor read on the passing wafers of a version's training: value of each quantile."""

    sensor: str
    levels: list[float]
    quantiles: list[float | None]
    missing: float
