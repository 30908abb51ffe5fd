"""The JSON that goes in and out, as pydantic models: what OpenAPI shows is what is sent."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from wafer.runs import Pipeline

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
StageState = Literal["pending", "running", "succeeded", "failed", "skipped"]
Verdict = Literal["pass", "fail", "inspect"]
_IN = ConfigDict(extra="forbid", allow_inf_nan=False)
_RUN = "train-20260321T081500-3f9a2c"

Source = Annotated[
    str,
    Field(
        min_length=1,
        max_length=1000,
        description="A batch set as `GET /sources` and uploads name it, or an address below a configured source.",
    ),
]
ContractFile = Annotated[str, Field(max_length=1000, description="A file below a configured source; empty: built in.")]


class TrainRequest(BaseModel):
    """Train on labelled batches."""

    model_config = ConfigDict(
        **_IN, json_schema_extra={"examples": [{"source": "raw/train/march", "false_alarm_budget": 0.1}]}
    )
    source: Source = "raw/train"
    schema_: ContractFile = Field("", alias="schema")
    policy: ContractFile = ""
    false_alarm_budget: float = Field(0.10, ge=0.001, le=0.9, description="Share of good wafers that may be flagged.")
    max_clusters: int = Field(10, ge=1, le=20)
    seed: int = Field(7, ge=0, le=2**31 - 1)

    def parameters(self) -> dict[str, Any]:
        """The pipeline's parameters but the source."""
        return {
            "schema": self.schema_,
            "policy": self.policy,
            "false_alarm_budget": self.false_alarm_budget,
            "max_clusters": self.max_clusters,
            "seed": self.seed,
        }


class PredictRequest(BaseModel):
    """Predict batches with the production model."""

    model_config = ConfigDict(**_IN, json_schema_extra={"examples": [{"source": "raw/predict/lot-7"}]})
    source: Source = "raw/predict"
    schema_: ContractFile = Field("", alias="schema")
    policy: ContractFile = ""
    false_alarm_budget: float = Field(0.0, ge=0, le=0.9, description="Another budget than the model's own; 0 keeps it.")

    def parameters(self) -> dict[str, Any]:
        """The pipeline's parameters but the source."""
        return {"schema": self.schema_, "policy": self.policy, "false_alarm_budget": self.false_alarm_budget}


class RunError(BaseModel):
    """Why a run failed, in words for the user."""

    code: str = Field(examples=["NO_GOOD_FILES"])
    message: str
    stage: str | None
    retry_helps: bool


class Stage(BaseModel):
    """One stage of a run; `started` is in seconds since 1970, `seconds` is null until it ended."""

    name: str = Field(examples=["validate"])
    state: StageState
    started: float | None
    seconds: float | None
    counts: dict[str, Any] = Field(examples=[{"files": 12, "files_good": 8, "rows_quarantined": 84}])
    error: RunError | None


class Output(BaseModel):
    """A file the run left behind."""

    name: str = Field(examples=["report.html"])
    href: str = Field(examples=[f"/runs/{_RUN}/outputs/report.html"])
    media_type: str = Field(examples=["text/html"])
    bytes: int
    sha256: str


class RunSummary(BaseModel):
    """A line of the history. Times are ISO 8601 in UTC; `cancelling` until a cancelled run has really ended."""

    run_id: str = Field(examples=[_RUN])
    pipeline: Pipeline
    state: State
    cancelling: bool
    source: str = Field(examples=["raw/train/march"])
    requested_by: str
    created: str
    started: str | None
    finished: str | None
    attempt: int
    error: RunError | None


class Run(RunSummary):
    """A run with everything known of it; a training's end brings `model_version`, `metrics`, `promoted`, `reason`."""

    parameters: dict[str, Any]
    stages: list[Stage]
    outputs: list[Output]
    refused: list[Output] = Field(description="What the contract refused, as it came, and the list of reasons.")
    model_version: int | None
    promoted: bool | None
    reason: str | None
    metrics: dict[str, float] | None


class RunPage(BaseModel):
    """Runs, newest first; `next` is the cursor of the next page."""

    runs: list[RunSummary]
    next: str | None


class BatchSet(BaseModel):
    """Batches that a run can be started over: `source` is what the request names."""

    source: str = Field(examples=["raw/predict/lot-7"])
    pipeline: Pipeline
    files: int
    bytes: int


class BatchSets(BaseModel):
    """The batch sets of a pipeline by name, and the other places that may be named."""

    sources: list[BatchSet]
    configured: list[str]


class Uploaded(BaseModel):
    """A file that was taken."""

    source: str = Field(examples=["raw/predict/lot-7"])
    name: str = Field(examples=["wafer_31012020_090817.csv"])
    bytes: int
    sha256: str


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
    file: str


class PredictionPage(BaseModel):
    """Some predictions; `total` counts all that were asked for, `next` is the offset of the next page."""

    run_id: str
    model_version: str
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
    model_version: str
    current: float
    budgets: list[Budget]


class Model(BaseModel):
    """A version of the model; `decision` is what the promotion said (reason, floors, metrics)."""

    version: int
    production: bool
    aliases: list[str]
    created: str
    run_id: str
    digest: str
    decision: dict[str, Any]


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


class ModelCurves(BaseModel):
    """How good a version is on wafers it never saw (out of fold)."""

    version: int
    wafers: int
    failures: int
    curve: list[Point]
    calibration: list[Bin]
    clusters: list[Cluster]


class SensorRange(BaseModel):
    """How a sensor read on the passing wafers of a version's training: value of each quantile."""

    sensor: str
    levels: list[float]
    quantiles: list[float | None]
    missing: float


class Session(BaseModel):
    """Who is signed in; a page sends `csrf` back as X-CSRF-Token with every change."""

    name: str
    role: Literal["viewer", "operator", "admin"]
    csrf: str | None


class SignIn(BaseModel):
    """An API key, to be exchanged for a session cookie."""

    model_config = _IN
    key: str = Field(min_length=1, max_length=200)


class Health(BaseModel):
    """Whether the process answers."""

    status: Literal["ok"]


class Readiness(BaseModel):
    """Whether each part that a run needs answers."""

    ready: bool
    checks: dict[str, bool]


class FieldProblem(BaseModel):
    """One thing that is wrong with a request."""

    where: str
    message: str


class Problem(BaseModel):
    """RFC 9457 problem details; `code` is stable, `detail` is for a person, the rest stands there where it helps."""

    type: str = Field(examples=["urn:wafer-fault:problem:TRAINING_RUNNING"])
    title: str
    status: int
    detail: str
    code: str = Field(examples=["TRAINING_RUNNING"])
    retry_helps: bool
    request_id: str
    run_id: str | None = None
    errors: list[FieldProblem] | None = None
