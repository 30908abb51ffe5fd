"""The wafers of a prediction as a list: sorted and searched, in pages or as a file."""

from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.responses import Response

from application.api.openapi import Responses
from application.api.routes.common import RunId, Threshold, Unseen, parts_of, router_for
from application.api.shapes.predictions import PredictionPage
from application.lists.forms import MEDIA, Form, file_name
from application.lists.wanted import Selection, Wanted
from wafer.outcomes.dispositions import dispositions_of, in_force

viewer = router_for("viewer", "results")
ROUTERS = (viewer,)
_TABLE: Responses = {
    200: {
        "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in MEDIA.values()},
        "description": "One row for each wafer.",
    }
}


def chosen(
    sort: Annotated[str, Query(max_length=200, description="A column, with a minus before it from the highest.")] = "",
    q: Annotated[
        str, Query(max_length=200, description="Words in the wafer's name, its file, lot or the sensors behind it.")
    ] = "",
    verdict: Annotated[Wanted | None, Query(description="`review`: those that are not passing.")] = None,
    threshold: Threshold = None,
    unseen: Unseen = False,
) -> Selection:
    """Which wafers of a run, in which order."""
    return Selection(sort, q, verdict, threshold, unseen)


Chosen = Annotated[Selection, Depends(chosen)]


@viewer.get("/runs/{run_id}/predictions")
def predictions(
    request: Request,
    run_id: RunId,
    wanted: Chosen,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
) -> PredictionPage:
    """List the predicted wafers, most suspicious first unless another order is asked for."""
    parts = parts_of(request)
    return parts.history().predictions.page(parts.runs.find(run_id), wanted, offset=offset, limit=limit)


@viewer.get("/runs/{run_id}/export", response_class=Response, responses=_TABLE)
def export(request: Request, run_id: RunId, wanted: Chosen, form: Form = "csv") -> Response:
    """Download the wafers that are asked for, in their order, with one column a reason, and their dispositions."""
    from application.lists.export import exported  # pyarrow, xlsxwriter: 0.3 s of a start

    parts = parts_of(request)
    run, decided = parts.runs.find(run_id), in_force(dispositions_of(parts.store, run_id))
    words = {name: each.word for name, each in decided.items()}
    content = exported(parts.history().predictions.selection(run, wanted), form, words)
    name = file_name(run_id, run.source, form)
    return Response(content, media_type=MEDIA[form], headers={"Content-Disposition": f'attachment; filename="{name}"'})
