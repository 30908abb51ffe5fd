"""When to train again: a decision, and the history of decisions."""

from typing import Annotated

from fastapi import Query, Request

from application.access.gate import audit, caller_of
from application.api.openapi import problems
from application.api.routes.common import parts_of, router_for
from application.api.shapes.retraining import RetrainingDecision, RetrainingHistory, RetrainingRequest

viewer = router_for("viewer", "retraining")
operator = router_for("operator", "retraining")
ROUTERS = (viewer, operator)


@viewer.get("/retraining")
def history(request: Request, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> RetrainingHistory:
    """List the decisions about training again, newest first."""
    found = parts_of(request).retraining.history(limit)
    return RetrainingHistory(decisions=[RetrainingDecision.of(each) for each in found])


@operator.post("/retraining", responses=problems(s404="The batches of the last training are gone."))
def decide(request: Request, body: RetrainingRequest | None = None) -> RetrainingDecision:
    """Decide now whether to train a contract's model again, and start that training; `dry_run` only tells."""
    parts, wanted = parts_of(request), body or RetrainingRequest()
    contract = parts.lines.chosen(wanted.contract).name
    found = parts.retraining.decide(caller_of(request).name, dry_run=wanted.dry_run, contract=contract)
    audit(
        request,
        "retraining.decide",
        contract=contract,
        train=found.train,
        run_id=found.started,
        dry_run=wanted.dry_run,
    )
    return RetrainingDecision.of(found)
