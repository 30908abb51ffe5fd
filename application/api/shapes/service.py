"""Sessions, health and problems."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Session(BaseModel):
    """Who is signed in; the page sends `csrf` as X-CSRF-Token with every change."""

    name: str
    role: Literal["viewer", "operator", "admin"]
    csrf: str | None


class SignIn(BaseModel):
    """An API key to exchange for a session cookie."""

    model_config = ConfigDict(extra="forbid")
    key: str = Field(min_length=1, max_length=200)


class Health(BaseModel):
    """Whether the process is alive."""

    status: Literal["ok"]


class Readiness(BaseModel):
    """Whether each part that a run needs responds."""

    ready: bool
    checks: dict[str, bool]


class Webhook(BaseModel):
    """An address of WAFER_WEBHOOKS by host and digest, and how it takes its notices; times are ISO 8601 in UTC."""

    address: str = Field(examples=["hooks.slack.com#5f3a91c2"])
    form: Literal["json", "slack", "teams"]
    waiting: int
    given_up: int
    sent: str = Field(description="When it took the last one; empty before.")
    error: str = Field(description="What went wrong with one that waits or was given up.")


class WebhookTest(BaseModel):
    """How an address of WAFER_WEBHOOKS took a test."""

    address: str = Field(examples=["hooks.slack.com#5f3a91c2"])
    error: str = Field(description="What went wrong; empty where it was taken.")


class FieldProblem(BaseModel):
    """One thing that is wrong with a request."""

    where: str
    message: str


class Problem(BaseModel):
    """RFC 9457 problem details; `code` is stable, `detail` is for people, `run_id` and `errors` are optional."""

    type: str = Field(examples=["urn:wafer-fault:problem:TRAINING_RUNNING"])
    title: str
    status: int
    detail: str
    code: str = Field(examples=["TRAINING_RUNNING"])
    retry_helps: bool
    request_id: str
    run_id: str | None = None
    errors: list[FieldProblem] | None = None
