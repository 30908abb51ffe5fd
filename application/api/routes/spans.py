"""The question which part of the history a route is about."""

from typing import Annotated

from fastapi import Depends, Query

from application.api.routes.common import RUN_ID
from application.runs.past import MOST_RUNS, Span


def _span(
    runs: Annotated[int, Query(ge=1, le=MOST_RUNS, description="So many of the newest predictions.")] = 50,
    since: Annotated[str, Query(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$", description="None older: a date.")] = "",
    run: Annotated[str, Query(pattern=rf"{RUN_ID}|^$", max_length=100, description="Only this prediction.")] = "",
) -> Span:
    return Span(runs, since, run)


Asked = Annotated[Span, Depends(_span)]
