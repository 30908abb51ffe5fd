"""The part of the service that judges wafers at once; the model and what it needs are loaded with the first request."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from application.api.shapes.scores import ScoreRequest, Scores, ScoreTally
from application.scoring.production import Production
from wafer.contract import Contract
from wafer.evaluation.rule import DEFAULT, Rule

if TYPE_CHECKING:
    from application.api.scores import RequestScoring


class OnlineScores:
    """Judges wafers by the version in production, as the contract that `read` gives reads them.

    `rule` keeps the budget where a request does not say how.
    """

    def __init__(self, production: Production, read: Callable[[], Contract], rule: Rule = DEFAULT) -> None:
        self._production = production
        self._read = read
        self._rule: Rule = rule
        self._lock = threading.Lock()
        self._scoring: RequestScoring | None = None

    @property
    def at_hand(self) -> bool:
        """Whether an answer needs nothing but arithmetic: all that is read or loaded for it is in memory."""
        return self._scoring is not None and self._production.at_hand

    def answer(self, request: ScoreRequest) -> Scores:
        """Judge the wafers of a request. Raises `NoProductionModel`, `ContractMismatch`, `WafersRefused`."""
        return self._opened().answer(request)

    def tally(self) -> ScoreTally:
        """What was answered so far. Raises `NoProductionModel`."""
        return self._opened().tally()

    def _opened(self) -> "RequestScoring":
        from application.api.scores import RequestScoring  # with numpy and pyarrow 0.5 s of a start

        with self._lock:
            if self._scoring is None:
                self._scoring = RequestScoring(self._production, self._read().policy, self._rule)
            return self._scoring
