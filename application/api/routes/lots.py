"""Lots over the predictions of the past: flagged wafers, outcomes, and which lots stand out."""

from typing import Annotated

from fastapi import Query, Request, Response

from application.api.openapi import problems
from application.api.routes.common import parts_of, router_for
from application.api.routes.spans import Asked
from application.api.shapes.lots import LotLine, LotsPage, LotWafers, Measure
from application.api.tables import CSV, Cell, csv_response
from application.lists.forms import joined_name

viewer = router_for("viewer", "lots")
ROUTERS = (viewer,)
By = Annotated[
    str, Query(max_length=200, description="A column of the line, or `file`, `run`, `day`, `week`, `month`.")
]
LotName = Annotated[str, Query(max_length=400, description="The lot, as the list names it.")]
_NONE = problems(s404="The run does not exist, or no wafer belongs to the lot.")
_COLUMNS = (
    "lot",
    "first",
    "last",
    "wafers",
    "learned",
    "flagged",
    "flag_rate",
    "inspected",
    "known",
    "failed",
    "yield",
)
_CHART = ("rate", "low", "high")


@viewer.get("/lots", responses=_NONE)
def lots(request: Request, span: Asked, by: By = "", measure: Measure = "flagged") -> LotsPage:
    """List lots in the order of time, with their p-chart; each wafer counts once, by its latest prediction."""
    return parts_of(request).history().lots.page(by, measure, span)


@viewer.get("/lots.csv", response_class=Response, responses=CSV | _NONE)
def lots_csv(request: Request, span: Asked, by: By = "", measure: Measure = "flagged") -> Response:
    """Download the lots as CSV."""
    page = parts_of(request).history().lots.page(by, measure, span)
    called = f"{joined_name('lots', by, span.run_id)}.csv"
    return csv_response(called, [*_COLUMNS, *_CHART, "signals", "runs"], map(_cells, page.lots))


@viewer.get("/lots/wafers", responses=_NONE)
def wafers(request: Request, span: Asked, by: By, lot: LotName) -> LotWafers:
    """List the wafers of a lot, most suspicious first, with their outcomes where these are known."""
    return parts_of(request).history().lots.wafers(by, lot, span)


@viewer.get("/lots/wafers.csv", response_class=Response, responses=CSV | _NONE)
def wafers_csv(request: Request, span: Asked, by: By, lot: LotName) -> Response:
    """Download the wafers of a lot as CSV."""
    page = parts_of(request).history().lots.wafers(by, lot, span)
    rows = [each.model_dump() for each in page.wafers]
    return csv_response(f"{joined_name('lot', lot, span.run_id)}.csv", list(rows[0]), rows)


def _cells(line: LotLine) -> dict[str, Cell]:
    shown = line.model_dump(by_alias=True, include={*LotLine.model_fields} - {"runs", "chart"})
    chart = {name: getattr(line.chart, name) for name in _CHART}
    return {**shown, **chart, "signals": " ".join(line.chart.signals), "runs": " ".join(line.runs)}
