"""Tells how far boosting has come."""

from typing import Any

import xgboost

from wafer.progress import advance


class EachRound(xgboost.callback.TrainingCallback):
    """A step a round."""

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ANN401, ARG002 - as XGBoost calls it
        """Tell it, and go on."""
        advance()
        return False
