"""Verdicts for wafers of a request: the answers of a prediction run for the same readings, and counted for drift."""

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from application.errors import WafersRefused
from application.scoring.production import InProduction, Production
from application.scoring.requested import Asked, Refusal, Requests
from wafer.contract.policy import Policy
from wafer.evaluation.drift import Drift, Movement
from wafer.evaluation.rule import DEFAULT, Rule
from wafer.model.contributions import Reason, top_reasons
from wafer.model.recent import Scored, Thresholds
from wafer.model.scoring import Scores
from wafer.wafers.arrays import Wafers


@dataclass(frozen=True, slots=True)
class Answers:
    """What the model says; `seen` and `reasons` are by wafer, as in `scores`."""

    version: int
    budget: float
    scores: Scores
    thresholds: Thresholds
    seen: Sequence[bool]
    reasons: Sequence[Sequence[Reason]]
    refused: Sequence[Refusal]


@dataclass(frozen=True, slots=True)
class Tally:
    """What one version answered since this process took it up."""

    version: int
    since: str  # ISO 8601 in UTC
    verdicts: dict[str, int]
    drift: Drift


@dataclass(slots=True)
class _Serving:
    """A version while it is in production."""

    model: InProduction
    requests: Requests
    movement: Movement
    verdicts: Counter[str] = field(default_factory=Counter)
    since: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @classmethod
    def of(cls, model: InProduction, policy: Policy) -> "_Serving":
        bundle = model.bundle
        return cls(model, Requests(bundle.preprocessor.contract, policy), Movement(bundle))

    def count(self, wafers: Wafers, scores: Scores) -> None:
        self.movement.count(wafers)
        self.verdicts.update(scores.verdicts)

    def tally(self) -> Tally:
        drift = self.movement.drift(self.verdicts["inspect"])
        return Tally(self.model.version, self.since, dict(self.verdicts), drift)


class Scoring:
    """Answers by the version in production; one for all threads of a process."""

    def __init__(self, production: Production, policy: Policy) -> None:
        self._production = production
        self._policy = policy
        self._lock = threading.Lock()
        self._serving: _Serving | None = None

    def answer(
        self,
        asked: Sequence[Asked],
        *,
        reasons: bool = False,
        budget: float | None = None,
        rule: Rule = DEFAULT,
    ) -> Answers:
        """Judge wafers, by the threshold that a prediction run of these wafers would follow now.

        Raises `NoProductionModel`, `ContractMismatch`; `WafersRefused` where none can be judged.
        """
        model = self._production.model()
        serving, bundle = self._of(model), model.bundle
        wafers, refused = serving.requests.read(asked)
        if not len(wafers):
            raise WafersRefused([f"{each.wafer[:40]!r}: {each.message} ({each.code})" for each in refused])
        budget = bundle.false_alarm_budget if budget is None else budget
        scores, keys = bundle.score(wafers, budget), bundle.keys(wafers)
        seen = bundle.learned_from(keys)
        own = Scored.of(keys, scores.probability, seen, scores.novelty.unlike)
        thresholds = Thresholds.of(budget, own, model.recent, scores.threshold, rule)
        scores = replace(scores, threshold=thresholds.value)
        with self._lock:
            serving.count(wafers, scores)
        return Answers(
            version=model.version,
            budget=budget,
            scores=scores,
            thresholds=thresholds,
            seen=seen.tolist(),
            reasons=top_reasons(bundle, wafers) if reasons else [()] * len(wafers),
            refused=refused,
        )

    def tally(self) -> Tally:
        """What was answered so far by the version in production. Raises `NoProductionModel`."""
        serving = self._of(self._production.model())
        with self._lock:
            return serving.tally()

    def _of(self, model: InProduction) -> "_Serving":
        with self._lock:
            if self._serving is None or self._serving.model.bundle is not model.bundle:
                self._serving = _Serving.of(model, self._policy)
            return self._serving
