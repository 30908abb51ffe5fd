"""Answers at once, without a run."""

from anyio import to_thread
from fastapi import Request

from application.api.openapi import problems
from application.api.routes.common import OfContract, parts_of, router_for
from application.api.shapes.scores import ScoreRequest, Scores, ScoreTally

viewer = router_for("viewer", "scores")
operator = router_for("operator", "scores", only_answers=True)
ROUTERS = (viewer, operator)
_NO_MODEL = "No version is in production, or the wafers do not have the sensors of its contract."
_SHORT = 5  # wafers without reasons: 2 ms each. A thread costs more than one of them, and several fight over the GIL
_REASONS = 5  # what a wafer's reasons take, in wafers without


@operator.post("/score", responses=problems(s404="No contract has this name.", s409=_NO_MODEL))
async def score(request: Request, body: ScoreRequest) -> Scores:
    """Judge up to 1,000 wafers at once by the version in production: the answers of a prediction run."""
    lines = parts_of(request).lines
    short = len(body.wafers) * (_REASONS if body.reasons else 1) <= _SHORT
    if short and (at_hand := lines.scores_at_hand(body.contract)):
        return at_hand.answer(body)
    return await to_thread.run_sync(lambda: lines.scores(body.contract).answer(body))


@viewer.get("/score", responses=problems(s409="No version is in production."))
def tally(request: Request, contract: OfContract = "") -> ScoreTally:
    """Show what this process answered so far, and how far those wafers have moved away from training."""
    return parts_of(request).lines.scores(contract).tally()
