"""Drift over the predictions of the past: which sensors no longer read as in training, and since when."""

from typing import Annotated

from fastapi import Query, Request, Response

from application.api.openapi import problems
from application.api.routes.common import RUN_ID, parts_of, router_for
from application.api.routes.spans import Asked
from application.api.shapes.drift import DriftLine, DriftPage, LotDriftPage
from application.api.tables import CSV, Cell, csv_response

viewer = router_for("viewer", "lots")
ROUTERS = (viewer,)
_NONE = problems(s404="The run does not exist, or is no prediction with such wafers.")
_LISTS = ("moved", "left", "silent")
_COLUMNS = ("run_id", "ended", "source", "wafers", "sensors", "outside", "share", *_LISTS, "unlike", "warnings")


@viewer.get("/drift", responses=_NONE)
def drift(request: Request, span: Asked) -> DriftPage:
    """Show for each prediction which sensors had moved, left their range or fallen silent, the oldest run first."""
    return parts_of(request).history().drift.page(span)


@viewer.get("/drift.csv", response_class=Response, responses=CSV | _NONE)
def drift_csv(request: Request, span: Asked) -> Response:
    """Download the same as CSV."""
    return csv_response("drift.csv", _COLUMNS, map(_cells, parts_of(request).history().drift.page(span).runs))


@viewer.get("/drift/lots", responses=_NONE)
def drift_lots(
    request: Request,
    run: Annotated[str, Query(pattern=RUN_ID, max_length=100, description="A prediction.")],
    by: Annotated[str, Query(max_length=200, description="A column of the line, or `file`.")] = "file",
) -> LotDriftPage:
    """Show the same for each lot of one prediction, from its readings."""
    return parts_of(request).history().drift.lots(run, by)


def _cells(line: DriftLine) -> dict[str, Cell]:
    lists = {name: "; ".join(getattr(line, name)) for name in (*_LISTS, "warnings")}
    return {**line.model_dump(), **lists, "outside": len(line.outside)}
