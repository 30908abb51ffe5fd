"""Removing runs and batches, for admins; who removed what can be read by everybody."""

from dataclasses import asdict
from typing import Annotated

from fastapi import Query, Request

from application.access.gate import audit, caller_of
from application.api.openapi import problems
from application.api.routes.common import RunId, parts_of, router_for
from application.api.routes.sources import SetName
from application.api.shapes.removals import Removal, Removals
from wafer.runs import Pipeline

viewer = router_for("viewer", "removals")
admin = router_for("admin", "removals")
ROUTERS = (viewer, admin)


@viewer.get("/removals")
def removals(request: Request, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Removals:
    """List who removed what and when, newest first."""
    return Removals(removals=[Removal(**asdict(each)) for each in parts_of(request).removals.newest(limit)])


@admin.delete(
    "/runs/{run_id}", responses=problems(s409="The run is active, or its model is in production; nothing is removed.")
)
def remove_run(request: Request, run_id: RunId) -> Removal:
    """Remove what a run left in the store; its line in the history stays and says who removed it."""
    done = parts_of(request).removals.run(run_id, by=caller_of(request).name)
    audit(request, "run.remove", run_id=run_id, objects=done.objects)
    return Removal(**asdict(done))


@admin.delete(
    "/uploads/{pipeline}/{batch_set}",
    responses=problems(s404="There is no such batch set.", s409="A run reads it; nothing is removed."),
)
def remove_batches(request: Request, pipeline: Pipeline, batch_set: SetName) -> Removal:
    """Remove a batch set from the store."""
    done = parts_of(request).removals.batches(pipeline, batch_set, by=caller_of(request).name)
    audit(request, "upload.remove", source=done.what, objects=done.objects)
    return Removal(**asdict(done))
