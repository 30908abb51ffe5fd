"""Two predictions side by side."""

from typing import Annotated

from fastapi import Query, Request

from application.api.openapi import problems
from application.api.parts import Parts
from application.api.routes.common import parts_of, router_for
from application.api.shapes.predictions import ComparedRun, ComparedWafer, Comparison, Side
from application.lists.comparison import Answer, Pair, compare
from application.lists.sides import sides
from application.runs.run import Run

viewer = router_for("viewer", "results")
ROUTERS = (viewer,)
SIDE = Query(
    pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
    description="Id of a prediction run, or `v3` for the newest one by version 3 over the batches of the other side.",
)


@viewer.get(
    "/runs/compare", responses=problems(s404="A run does not exist, or no batches were predicted by both versions.")
)
def comparison(
    request: Request,
    a: Annotated[str, SIDE],
    b: Annotated[str, SIDE],
    all_wafers: Annotated[bool, Query(alias="all", description="Those of the same verdict too.")] = False,
    learned: Annotated[bool, Query(description="Also wafers that a version which predicted had learned from.")] = False,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> Comparison:
    """Compare two prediction runs, or two versions of the model: whose verdict differs, who moved in the ranking."""
    parts = parts_of(request)
    one, other = sides(parts.runs, parts.store, a, b)
    predictions = parts.history().predictions
    found = compare(predictions.table(one), predictions.table(other), with_learned=learned)
    wanted = found.pairs if all_wafers else found.pairs[: found.differing]
    return Comparison(
        a=_run(parts, one),
        b=_run(parts, other),
        both=len(found.pairs),
        only_a=found.only_a,
        only_b=found.only_b,
        learned=found.learned,
        differing=found.differing,
        verdicts={f"{mine} > {theirs}": number for (mine, theirs), number in sorted(found.verdicts.items())},
        total=len(wanted),
        wafers=[_wafer(each) for each in wanted[offset : offset + limit]],
    )


def _run(parts: Parts, run: Run) -> ComparedRun:
    version = parts.history().predictions.version(run)
    return ComparedRun(
        run_id=run.run_id, model_version=version, source=parts.sources.shown(run.source), created=run.created
    )


def _wafer(pair: Pair) -> ComparedWafer:
    return ComparedWafer(wafer=pair.wafer, file=pair.file, a=_side(pair.a), b=_side(pair.b), shift=pair.shift)


def _side(answer: Answer) -> Side:
    return Side(rank=answer.rank, verdict=answer.verdict, probability=answer.probability)
