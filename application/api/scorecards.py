"""The scorecards of a contract's versions, made from the outcomes in the store. Imports pyarrow."""

from functools import partial

from application.api.models import ModelBook
from wafer.built_in import BUILT_IN
from wafer.evaluation.scorecard import comparison, scorecard
from wafer.evaluation.standing import Period, Scorecard
from wafer.outcomes.judged import judged, reviewed, side_by_side
from wafer.outcomes.matched import known_predictions
from wafer.store import Store


class Scorecards:
    """Sums up what is known of a version's predictions; nothing is remembered between two requests."""

    def __init__(self, store: Store, models: ModelBook, contract: str = BUILT_IN) -> None:
        self._store = store
        self._models = models
        self._contract = contract

    def of(self, version: int, unit: Period) -> Scorecard:
        """A version's scorecard. Raises `ModelNotFound`, `StoreUnavailable`."""
        self._models.one(version)
        known, budget = known_predictions(self._store, self._contract), self._models.budget
        matched = known.matched
        counted, in_training = judged(matched, version, partial(budget, version))
        card = scorecard(version, counted, unit, in_training, self._models.bundle(version).promised())
        card = card.model_copy(update={"reviewed": reviewed(known.reviewed, version)})
        if not (found := side_by_side(matched, version, budget)):
            return card
        other, ours, theirs = found
        return card.model_copy(update={"comparison": comparison(version, ours, other, theirs)})
