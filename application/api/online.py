"""The part of the service that judges wafers at once; the model and what it needs are loaded with the first request."""

import threading
from typing import TYPE_CHECKING

from application.api.shapes.scores import ScoreRequest, Scores, ScoreTally
from application.scoring.production import Production
from wafer.evaluation.rule import DEFAULT, Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from application.scoring.scoring import Scoring
    from wafer.contract import Contract


class OnlineScores:
    """Judges wafers by the version in production, as the contract that `read` gives reads them.

    `rule` keeps the budget where a request does not say how.
    """

    def __init__(self, production: Production, read: "Callable[[], Contract]", rule: Rule = DEFAULT) -> None:
        self._production = production
        self._read = read
        self._rule: Rule = rule
        self._lock = threading.Lock()
        self._scoring: Scoring | None = None

    def answer(self, request: ScoreRequest) -> Scores:
        """Judge the wafers of a request. Raises `NoProductionModel`, `ContractMismatch`, `WafersRefused`."""
        from application.api.scores import scored  # numpy and pyarrow: 0.5 s of a start, here and below

        return scored(self._opened(), request, self._rule)

    def tally(self) -> ScoreTally:
        """What was answered so far. Raises `NoProductionModel`."""
        from application.api.scores import tally_of

        return tally_of(self._opened())

    def _opened(self) -> "Scoring":
        from application.scoring.scoring import Scoring

        with self._lock:
            if self._scoring is None:
                self._scoring = Scoring(self._production, self._read().policy)
            return self._scoring
