"""The scorecards of versions, made from the outcomes that the store holds."""

from functools import partial

from application.api.models import ModelShelf
from wafer.errors import NoProductionModel
from wafer.evaluation.standing import Period, Scorecard
from wafer.store import Store


class Scorecards:
    """Sums up what is known of a version's predictions; nothing is remembered between two requests."""

    def __init__(self, store: Store, models: ModelShelf) -> None:
        self._store = store
        self._models = models

    def in_production(self, unit: Period = "month") -> Scorecard | None:
        """The scorecard of the version in production; None without one."""
        try:
            return self.of(self._models.production(), unit)
        except NoProductionModel:
            return None

    def of(self, version: int, unit: Period) -> Scorecard:
        """A version's scorecard. Raises `ModelNotFound`, `StoreUnavailable`."""
        from wafer.evaluation.scorecard import scorecard  # with pyarrow 0.3 s of a start
        from wafer.outcomes.judged import judged
        from wafer.outcomes.matched import all_matched

        self._models.one(version)
        counted, in_training = judged(all_matched(self._store), version, partial(self._models.budget, version))
        return scorecard(version, counted, unit, in_training)
