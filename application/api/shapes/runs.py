"""Requests that start runs, and runs in answers."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from application.api.shapes.contracts import ContractChoice
from application.runs.run import Parameters, RunState
from wafer.evaluation.decision import Decided
from wafer.progress import Progress
from wafer.runs import Counts, Pipeline, RunError
from wafer.store import layout

StageState = Literal["pending", "starting", "running", "succeeded", "failed", "skipped"]
_IN = ConfigDict(extra="forbid", allow_inf_nan=False)
_RUN = "train-20260321T081500-3f9a2c"

Source = Annotated[
    str,
    Field(
        min_length=1,
        max_length=1000,
        description="A batch set as `GET /sources` and uploads name it, or a place inside a configured source.",
    ),
]
ContractFile = Annotated[
    str, Field(max_length=1000, description="A file inside a configured source; empty means the built-in one.")
]


class _OfBatches(BaseModel):
    source: Source
    contract: ContractChoice = ""
    schema_: ContractFile = Field("", alias="schema")
    policy: ContractFile = ""

    def parameters(self) -> Parameters:
        """The pipeline's parameters but the source."""
        return {"schema": self.schema_, "policy": self.policy}


class TrainRequest(_OfBatches):
    """Train on labelled batches."""

    model_config = ConfigDict(
        **_IN,
        json_schema_extra={"examples": [{"source": layout.batch_set("train", "march"), "false_alarm_budget": 0.1}]},
    )
    source: Source = layout.RAW["train"]
    false_alarm_budget: float = Field(0.10, ge=0.001, le=0.9, description="Share of good wafers that may be flagged.")
    max_clusters: int = Field(10, ge=1, le=20)
    seed: int = Field(7, ge=0, le=2**31 - 1)
    promotion: Literal["", "auto", "candidate"] = Field(
        "", description="Whether the training promotes a better model itself, or a person does; empty: as configured."
    )
    from_outcomes: bool = Field(
        False, description="Learn also from predicted wafers whose outcome was sent with POST /outcomes."
    )

    def parameters(self) -> Parameters:
        """The pipeline's parameters but the source."""
        return {
            **super().parameters(),
            "false_alarm_budget": self.false_alarm_budget,
            "max_clusters": self.max_clusters,
            "seed": self.seed,
            "promotion": self.promotion,
        }


class PredictRequest(_OfBatches):
    """Predict batches with the production model."""

    model_config = ConfigDict(**_IN, json_schema_extra={"examples": [{"source": layout.batch_set("predict", "lot-7")}]})
    source: Source = layout.RAW["predict"]
    false_alarm_budget: float = Field(
        0.0, ge=0, le=0.9, description="A budget other than the model's; 0 uses the model's."
    )
    threshold: Literal["", "fixed", "recent"] = Field(
        "",
        description="Keep the budget by the threshold of the training, or by rank among recent scores; empty: as "
        "configured.",
    )

    def parameters(self) -> Parameters:
        """The pipeline's parameters but the source."""
        return {
            **super().parameters(),
            "false_alarm_budget": self.false_alarm_budget,
            "threshold": self.threshold,
        }


class OutcomesRequest(_OfBatches):
    """Take in what predicted wafers turned out to be."""

    model_config = ConfigDict(
        **_IN, json_schema_extra={"examples": [{"source": layout.batch_set("outcomes", "lot-7")}]}
    )
    source: Source = layout.RAW["outcomes"]


RunRequest = TrainRequest | PredictRequest | OutcomesRequest


class Stage(BaseModel):
    """One task of a run; `started` is in seconds since 1970, `seconds` is null until it ends.

    A stage is `starting` when its pod on Kubernetes takes long to begin; its `error` then says what it may wait for.
    """

    name: str = Field(examples=["validate"])
    label: str = Field(examples=["Check files and rows"])
    state: StageState
    started: float | None
    seconds: float | None
    counts: Counts = Field(examples=[{"files": 12, "files_good": 8, "rows_quarantined": 84}])
    summary: str = Field(description="What it counted, for people.", examples=["files 12, files good 8"])
    error: RunError | None
    progress: Progress | None = Field(description="How far a running stage that takes long has come.")


class Output(BaseModel):
    """A file of the run."""

    name: str = Field(examples=["report.html"])
    href: str = Field(examples=[f"/runs/{_RUN}/outputs/report.html"])
    media_type: str = Field(examples=["text/html"])
    bytes: int
    sha256: str


class RunSummary(BaseModel):
    """A line of the history. Times are ISO 8601 in UTC; `cancelling` is true until a cancelled run has ended."""

    run_id: str = Field(examples=[_RUN])
    pipeline: Pipeline
    state: RunState
    cancelling: bool
    source: str = Field(examples=[layout.batch_set("train", "march")])
    contract: str = Field(examples=["field"])
    contract_digest: str = Field(description="Which version of a named contract; empty for the built-in one.")
    requested_by: str
    created: str
    started: str | None
    finished: str | None
    attempt: int
    retries: list[str] = Field(
        description="Why each attempt after the first was made.",
        examples=[["Retried by hand after STAGE_FAILED in stage load"]],
    )
    error: RunError | None
    removed: str | None = Field(None, description="When an admin, or age, removed what the run left.")
    removed_by: str | None = None


class RunDetail(RunSummary):
    """A run with all details; `model_version`, `metrics`, `promoted` and `reason` are set by a finished training."""

    parameters: Parameters
    stages: list[Stage]
    outputs: list[Output]
    refused: list[Output] = Field(description="Refused files unchanged, quarantined rows, and the list of reasons.")
    model_version: int | None
    promoted: bool | None
    decided: Decided | None = Field(None, description="What became of the version at its training, in words.")
    reason: str | None
    metrics: Mapping[str, float] | None = Field(description="With wafers held out at random, which look easier.")
    forward_auc: float | None = Field(None, description="AUC on later files: what to expect of the next batch.")


class LogEntry(BaseModel):
    """A line of a run's log; `at` is empty for text that is no event of ours."""

    task: str
    at: str
    level: str
    message: str
    facts: dict[str, JsonValue]


class RunLog(BaseModel):
    """The last lines of a run's log."""

    run_id: str
    total: int
    lines: list[LogEntry]


class RunPage(BaseModel):
    """Runs, newest first; `next` is the cursor of the next page."""

    runs: list[RunSummary]
    next: str | None
