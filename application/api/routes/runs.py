"""Start, list, follow, cancel and retry runs."""

import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated

import anyio
from anyio import to_thread
from fastapi import Header, Query, Request, Response
from sse_starlette import EventSourceResponse

from application.access.gate import audit, caller_of
from application.api.openapi import Responses, problems
from application.api.parts import Parts
from application.api.routes.common import RunId, parts_of, router_for
from application.api.shapes.runs import (
    LogEntry,
    OutcomesRequest,
    PredictRequest,
    RunDetail,
    RunLog,
    RunPage,
    RunRequest,
    RunSummary,
    TrainRequest,
)
from application.runs.ledger.protocol import Wanted
from application.runs.run import ACTIVE, RunState, contract_in, new_run
from wafer.errors import WaferError
from wafer.runs import Pipeline

viewer = router_for("viewer", "runs")
operator = router_for("operator", "runs")
ROUTERS = (viewer, operator)

IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=r"^[!-~]{1,128}$",
        description="The same key with the same body always gives the same run.",
    ),
]
_ACCEPTED: Responses = {
    202: {
        "headers": {"Location": {"description": "Address of the run.", "schema": {"type": "string"}}},
    },
    **problems(s404="The source does not exist.", s409="A training is running; `run_id` names it."),
}
_EVENT = {
    "type": "object",
    "properties": {"event": {"type": "string", "enum": ["run", "end"]}, "data": {"type": "string"}},
    "required": ["event", "data"],
}
EVENT_SECONDS = 0.5


@operator.post("/train", status_code=202, responses=_ACCEPTED)
def train(
    body: TrainRequest, request: Request, response: Response, idempotency_key: IdempotencyKey = None
) -> RunSummary:
    """Train on labelled batches and decide on the promotion of the model; one training runs at a time."""
    return _start(request, response, "train", body, idempotency_key, grow=body.from_outcomes)


@operator.post("/predict", status_code=202, responses=_ACCEPTED | problems(s409="No model is in production."))
def predict(
    body: PredictRequest, request: Request, response: Response, idempotency_key: IdempotencyKey = None
) -> RunSummary:
    """Predict batches with the model in production; refused while there is none."""
    parts = parts_of(request)
    parts.lines.require_production(contract_in(parts.parameters("predict", body)))
    return _start(request, response, "predict", body, idempotency_key)


@operator.post("/outcomes", status_code=202, responses=_ACCEPTED)
def outcomes(
    body: OutcomesRequest, request: Request, response: Response, idempotency_key: IdempotencyKey = None
) -> RunSummary:
    """Take in what predicted wafers turned out to be, from labelled batches or files of wafer and outcome alone."""
    return _start(request, response, "outcomes", body, idempotency_key)


@viewer.get("/runs")
def runs(
    request: Request,
    pipeline: Pipeline | None = None,
    state: RunState | None = None,
    contract: Annotated[str | None, Query(max_length=40, description="Runs under this contract alone.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str, Query(max_length=400, description="`next` of the previous page.")] = "",
) -> RunPage:
    """List runs, newest first."""
    parts = parts_of(request)
    page = parts.runs.page(Wanted(limit, cursor, pipeline, state, contract))
    return RunPage(runs=[parts.views.summary(each) for each in page.runs], next=page.cursor or None)


@viewer.get("/runs/{run_id}")
def run(request: Request, run_id: RunId) -> RunDetail:
    """Show a run with the current state of its stages, outputs and errors."""
    return parts_of(request).views.run(run_id)


@operator.get("/runs/{run_id}/log")
def log(
    request: Request,
    run_id: RunId,
    task: Annotated[str, Query(max_length=100, description="One of its tasks; empty: all.")] = "",
    last: Annotated[int, Query(ge=1, le=10_000, description="So many lines at the end.")] = 1000,
) -> RunLog:
    """Show what the tasks of a run on the service's machine wrote; Kubeflow keeps the logs of its pods itself."""
    lines = parts_of(request).runs.log(run_id, task)
    shown = [LogEntry(**asdict(line)) for line in lines[-last:]]
    return RunLog(run_id=run_id, total=len(lines), lines=shown)


@viewer.get(
    "/runs/{run_id}/events",
    response_class=EventSourceResponse,
    responses={
        200: {
            "description": "`run` with the run as JSON after every change, `end` with the final state.",
            "content": {"text/event-stream": {"schema": _EVENT}},
        }
    },
)
async def events(request: Request, run_id: RunId) -> EventSourceResponse:
    """Follow a run as server-sent events until it ends."""
    parts = parts_of(request)
    first = await to_thread.run_sync(parts.views.run, run_id)
    return EventSourceResponse(_changes(parts, first), ping=15)


@operator.post("/runs/{run_id}/cancel", status_code=202, responses=problems(s409="The run has ended already."))
def cancel(request: Request, run_id: RunId) -> RunSummary:
    """Cancel a run and stop everything it started."""
    parts = parts_of(request)
    run = parts.runs.cancel(run_id, by=caller_of(request).name)
    audit(request, "run.cancel", run_id=run_id)
    return parts.views.summary(run)


@operator.post(
    "/runs/{run_id}/retry",
    status_code=202,
    responses=problems(s409="The run is running or succeeded, or another training is running."),
)
def retry(request: Request, run_id: RunId) -> RunSummary:
    """Continue a failed or cancelled run after its finished stages."""
    parts = parts_of(request)
    run = parts.runs.retry(run_id)
    audit(request, "run.retry", run_id=run_id)
    return parts.views.summary(run)


def _start(
    request: Request,
    response: Response,
    pipeline: Pipeline,
    body: RunRequest,
    key: str | None,
    *,
    grow: bool = False,
) -> RunSummary:
    parts = parts_of(request)
    source = parts.sources.batches(body.source)
    parameters = parts.parameters(pipeline, body)
    if grow:
        parameters = {**parameters, **parts.from_outcomes(source, parameters)}
    wanted = new_run(pipeline, source, parameters, by=caller_of(request).name)
    if not parts.runs.earlier(wanted, key):
        parts.sources.require_batches(source, body.source)
    run = parts.runs.start(wanted, key=key)
    audit(request, f"run.{pipeline}", run_id=run.run_id, source=body.source)
    response.headers["Location"] = f"/runs/{run.run_id}"
    return parts.views.summary(run)


async def _changes(parts: Parts, run: RunDetail) -> AsyncIterator[dict[str, str]]:
    sent = ""
    while True:
        text = run.model_dump_json()
        if text != sent:
            yield {"event": "run", "data": text}
            sent = text
        if run.state not in ACTIVE:
            yield {"event": "end", "data": json.dumps({"run_id": run.run_id, "state": run.state})}
            return
        await anyio.sleep(EVENT_SECONDS)
        with suppress(WaferError):  # the place is away for a moment; the next look may find it again
            run = await to_thread.run_sync(parts.views.run, run.run_id)
