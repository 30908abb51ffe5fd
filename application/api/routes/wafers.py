"""One wafer of a prediction: why it has its rank, and what people and files tell of it."""

from typing import Annotated

from fastapi import Path, Query, Request

from application.access.gate import audit, caller_of
from application.api.openapi import problems
from application.api.routes.common import RunId, Threshold, Unseen, parts_of, router_for
from application.api.shapes.dispositions import Appearances, DispositionRequest, WaferHistory
from application.api.shapes.predictions import Explanation, WaferBatch
from application.lists.wanted import Selection
from application.runs.past import Span, past_predictions

viewer = router_for("viewer", "results")
operator = router_for("operator", "results")
ROUTERS = (viewer, operator)
Name = Annotated[str, Path(max_length=200, description="Name of a predicted wafer.")]
File = Annotated[str, Query(max_length=400, description="The file that it came in.")]
_NOT_ONE = problems(
    s404="The run, the wafer, its readings or the version that predicted it does not exist.",
    s409="Several wafers of the run have this name; `file` tells them apart.",
)


@viewer.get("/runs/{run_id}/wafers/{wafer:path}/explanation", responses=_NOT_ONE)
def explanation(request: Request, run_id: RunId, wafer: Name, file: File = "") -> Explanation:
    """Explain the rank of any wafer of a prediction: the sensors that raised its score."""
    parts = parts_of(request)
    return parts.history().explanations.of(parts.runs.find(run_id), wafer, file)


@viewer.get("/runs/{run_id}/wafers/{wafer:path}/batch", responses=_NOT_ONE)
def batch(
    request: Request,
    run_id: RunId,
    wafer: Name,
    file: File = "",
    threshold: Threshold = None,
    unseen: Unseen = False,
) -> WaferBatch:
    """Show one wafer with its rank, and those around it in its file."""
    parts = parts_of(request)
    wanted = Selection(threshold=threshold, unseen=unseen)
    return parts.history().predictions.neighbours(parts.runs.find(run_id), wafer, file, wanted)


@viewer.get("/runs/{run_id}/wafers/{wafer:path}/disposition", responses=_NOT_ONE)
def history(request: Request, run_id: RunId, wafer: Name, file: File = "") -> WaferHistory:
    """List what people and files of outcomes tell of a wafer's readings, and which word counts."""
    parts = parts_of(request)
    return parts.history().dispositions.history(parts.runs.find(run_id), wafer, file)


@operator.post("/runs/{run_id}/wafers/{wafer:path}/disposition", responses=_NOT_ONE)
def dispose(body: DispositionRequest, request: Request, run_id: RunId, wafer: Name, file: File = "") -> WaferHistory:
    """Say what was decided about a wafer; the last word is its outcome, and every word is kept."""
    parts = parts_of(request)
    who = caller_of(request).name
    told = parts.history().dispositions.dispose(parts.runs.find(run_id), wafer, file, body.word, body.comment, who)
    audit(request, "wafer.disposition", run_id=run_id, wafer=wafer, file=told.file, word=body.word)
    return told


@viewer.get("/runs/{run_id}/wafers/{wafer:path}/elsewhere", responses=_NOT_ONE)
def elsewhere(request: Request, run_id: RunId, wafer: Name, file: File = "") -> Appearances:
    """List what other runs predicted of the same wafer; the 50 newest predictions are searched."""
    parts = parts_of(request)
    run = parts.runs.find(run_id)
    runs = [each.run_id for each in past_predictions(parts.runs, Span(contract=run.contract))]
    return parts.history().dispositions.elsewhere(run, wafer, file, runs)
