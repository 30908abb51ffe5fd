"""The question which part of the history a route is about."""

from typing import Annotated

from fastapi import Depends, Query, Request

from application.api.routes.common import RUN_ID, OfContract, parts_of
from application.runs.past import MOST_RUNS, Span


def _span(
    request: Request,
    runs: Annotated[int, Query(ge=1, le=MOST_RUNS, description="So many of the newest predictions.")] = 50,
    since: Annotated[str, Query(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$", description="None older: a date.")] = "",
    run: Annotated[str, Query(pattern=rf"{RUN_ID}|^$", max_length=100, description="Only this prediction.")] = "",
    contract: OfContract = "",
) -> Span:
    return Span(runs, since, run, None if run else parts_of(request).lines.chosen(contract).name)


Asked = Annotated[Span, Depends(_span)]
