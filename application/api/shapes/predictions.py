"""Predicted wafers."""

from typing import Literal

from pydantic import BaseModel, Field

from wafer.outcomes.dispositions import Word

Verdict = Literal["pass", "fail", "inspect"]


class Reason(BaseModel):
    """A sensor behind a verdict: its reading, and how the training wafers read."""

    sensor: str
    value: float | None
    usual_low: float | None = Field(description="90 % of the passing training wafers read from here to `usual_high`.")
    usual_high: float | None
    contribution: float | None = Field(description="Log-odds of failure above those of the usual passing wafer.")
    contribution_share: float | None = Field(None, description="Share of all that raised this wafer's score.")
    above_passing: float | None = Field(None, description="Share of the passing training wafers that read lower.")
    above_failing: float | None = Field(None, description="Share of the failing training wafers that read lower.")


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
    in_training: bool = Field(False, description="The model was trained on these readings, so this is not a forecast.")
    file: str
    disposition: Word | None = Field(None, description="The last word of a person on this wafer.")
    context: dict[str, str] = Field({}, description="What the line knows of the wafer: lot, carrier, tool, time.")


class Explanation(BaseModel):
    """A wafer with its reasons, whether or not the run published them."""

    run_id: str
    model_version: int
    prediction: Prediction


class Neighbour(BaseModel):
    """A wafer of the same file."""

    wafer: str
    verdict: Verdict
    probability: float | None


class WaferBatch(BaseModel):
    """One wafer, and those around it in its file in the order of their numbers."""

    run_id: str
    prediction: Prediction
    rank: int | None = Field(description="Among the wafers that are asked for; null where it is none of them.")
    namesakes: int = Field(description="Other wafers of the run that have this name; their files tell them apart.")
    number: int = Field(description="Place of the wafer in its file, from 1.")
    wafers: int = Field(description="Of the file.")
    to_review: int = Field(description="Wafers of the file that are not passing.")
    around: list[Neighbour]


class PredictionPage(BaseModel):
    """Some predictions; `total` counts all that match, `next` is the offset of the next page.

    `counts` is of all wafers that are ranked, whatever was searched for.
    """

    run_id: str
    model_version: int | None
    total: int
    offset: int
    next: int | None
    counts: dict[Verdict, int]
    columns: list[str] = Field([], description="What the line knows of the wafers, by which they can be sorted too.")
    predictions: list[Prediction]


class FalseAlarms(BaseModel):
    """How many of some flagged wafers are likely to be good, and the 90 % interval."""

    expected: float
    low: float
    high: float


class Budget(BaseModel):
    """A false-alarm budget: its threshold, and the wafers of this run that it flags, training wafers left out."""

    budget: float
    threshold: float
    measured: Literal["later files", "held out at random"] = Field(
        description="What `recall` and `false_alarms` follow: with the budget of the training, models of earlier files "
        "that were asked about later ones; otherwise wafers held out at random, which look easier than the next batch."
    )
    recall: float = Field(description="Share of failing wafers found.")
    recall_low: float = Field(description="Exact 90 % interval of it.")
    recall_high: float
    flagged: int = Field(description="Wafers of the verdict fail.")
    unlike: int = Field(0, description="More wafers to inspect, at any budget: they are unlike the training wafers.")
    false_alarms: FalseAlarms | None = Field(
        description="Of the flagged wafers: those whose outcome is known, and of the others as many as of those "
        "measured; null: the latter were too few to tell."
    )
    known: int = Field(0, description="Flagged wafers whose outcome is known.")
    known_false_alarms: int = Field(0, description="Of these, those that are good.")


class Budgets(BaseModel):
    """The false-alarm budgets from 1 to 50 % for a run's wafers."""

    run_id: str
    model_version: int
    current: float
    wafers: int = Field(description="Of the run, without those that the model learned from.")
    in_training: int = Field(description="Wafers of the run that the model learned from.")
    own: Budget = Field(description="The run as it was: at the threshold that its verdicts follow.")
    budgets: list[Budget]


class ComparedRun(BaseModel):
    """One side of a comparison."""

    run_id: str
    model_version: int | None
    source: str
    created: str


class Side(BaseModel):
    """What one prediction says of a wafer; its rank counts the wafers that both have."""

    rank: int
    verdict: Verdict
    probability: float | None


class ComparedWafer(BaseModel):
    """A wafer in both predictions; `shift` says how many ranks b puts it nearer to the top than a."""

    wafer: str
    file: str
    a: Side
    b: Side
    shift: int


class Comparison(BaseModel):
    """Two predictions side by side; `total` counts the wafers that match, the greatest move first."""

    a: ComparedRun
    b: ComparedRun
    both: int = Field(description="Wafers that both predictions have, without `learned`.")
    only_a: int
    only_b: int
    learned: int = Field(description="Wafers of both left out, because a version that predicted had learned from them.")
    differing: int = Field(description="Wafers whose verdict differs.")
    verdicts: dict[str, int] = Field(
        description="Wafers by both verdicts, as `pass > fail`.", examples=[{"pass > pass": 1400, "pass > fail": 12}]
    )
    total: int
    wafers: list[ComparedWafer]
