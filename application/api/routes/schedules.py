"""Predictions that start by themselves."""

from typing import Annotated

from fastapi import Path, Request, Response

from application.access.gate import audit, caller_of
from application.api.openapi import problems
from application.api.problems import without_folder
from application.api.routes.common import parts_of, router_for
from application.api.shapes.schedules import PlannedPrediction, ScheduleRequest
from application.runs.run import now
from application.schedules.schedule import Schedule

viewer = router_for("viewer", "schedules")
operator = router_for("operator", "schedules")
ROUTERS = (viewer, operator)
Name = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$", examples=["line-4"])]


@viewer.get("/schedules")
def schedules(request: Request) -> list[PlannedPrediction]:
    """List the schedules, by name."""
    parts = parts_of(request)
    return [
        PlannedPrediction.of(
            each, parts.sources.shown(each.schedule.source), without_folder(each.schedule.found, parts.store.uri)
        )
        for each in parts.schedules.all()
    ]


@operator.put("/schedules/{name}", status_code=204, responses=problems(s404="The source does not exist."))
def put(request: Request, name: Name, body: ScheduleRequest) -> Response:
    """Keep a schedule, instead of one of its name; it looks at its source at once, and then as often as it says.

    Files may come later; the source has to exist.
    """
    parts = parts_of(request)
    source = parts.sources.batches(body.source)
    parameters = parts.parameters("predict", body)
    parts.schedules.put(Schedule(name, source, body.hours, parameters, caller_of(request).name, now()))
    audit(request, "schedule.put", schedule=name, source=body.source, hours=body.hours)
    return Response(status_code=204)


@operator.delete("/schedules/{name}", status_code=204, responses=problems(s404="There is no schedule of this name."))
def remove(request: Request, name: Name) -> Response:
    """End a schedule; predictions that it started continue."""
    parts_of(request).schedules.remove(name)
    audit(request, "schedule.remove", schedule=name)
    return Response(status_code=204)
