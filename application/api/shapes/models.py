"""Versions of the model and their quality."""

from pydantic import BaseModel, ConfigDict, Field

from application.api.shapes.shown import Shown
from wafer.evaluation.by_file import TestedFiles
from wafer.evaluation.decision import PromotionDecision
from wafer.registry import Declined


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
    declined: Declined | None = Field(description="Who declined the version when it waited for a person.")


class Change(Shown):
    """A version came into production; `who` is a person, or empty when the training run `run_id` decided."""

    number: int
    version: int
    rollback: bool
    at: str
    who: str
    why: str
    run_id: str


class Models(BaseModel):
    """Every version, newest first; `history` has the versions in the order of their promotion, `changes` all of it."""

    models: list[Model]
    production: int | None
    candidate: int | None = Field(description="The version that waits for a person; predictions score it in shadow.")
    history: list[int]
    changes: list[Change] = Field(description="What came into production when, by whom and why, newest first.")


class ChangeRequest(BaseModel):
    """What a person says who changes the version in production."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"expected": 2, "why": "as agreed"}]})
    expected: int | None = Field(
        None, ge=0, description="Version that was in production when the caller looked, 0 for none; another one is 409."
    )
    why: str = Field("", max_length=1000, description="Kept with the name of the key and the time.")


class Cluster(Shown):
    """A cluster of wafers and its model."""

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
    """A metric, its 90 % bootstrap interval where it has one, and its value by chance."""

    name: str = Field(examples=["auc"])
    value: float
    low: float | None
    high: float | None
    chance: float


class ThreeWays(BaseModel):
    """How good a version is on later files, on other files, and on wafers between those that it learned from."""

    forward: TestedFiles | None = Field(description="Asked of models of earlier files; none for too few failures.")
    whole_files: TestedFiles | None = Field(description="Asked of models of other files, earlier or later.")
    random: TestedFiles = Field(description="Out of fold: neighbours of the wafers learned from.")


class ModelCurves(BaseModel):
    """Quality of a version: three ways of holding wafers out, and curves on wafers outside its folds.

    `threshold` keeps its false-alarm budget; `families` names each family of `clusters` for people.
    """

    version: int
    wafers: int
    failures: int
    false_alarm_budget: float
    threshold: float
    held_out: ThreeWays
    figures: list[Figure]
    curve: list[Point]
    calibration: list[Bin]
    clusters: list[Cluster]
    families: dict[str, str] = Field(examples=[{"random_forest": "Random forest"}])


class SensorRange(BaseModel):
    """Quantiles of a sensor's readings on the passing and on the failing wafers of a version's training set."""

    sensor: str
    levels: list[float]
    quantiles: list[float | None]
    failing: list[float | None] = Field([], description="Nulls where no failing wafer spoke, or before recipe 5.")
    missing: float
