"""What a model promises of its ranking, and the AUC below which later wafers say that it does not keep it."""

import math
from dataclasses import dataclass

from wafer.evaluation.intervals import CONFIDENCE, auc_standard_error


@dataclass(frozen=True, slots=True)
class PromisedRanking:
    """The AUC of a model's own test, and its standard error."""

    auc: float
    error: float

    @classmethod
    def of(cls, auc: float, failures: int, passes: int) -> "PromisedRanking":
        """An AUC over so many wafers."""
        return cls(auc, auc_standard_error(auc, failures, passes))

    def least(self, failures: int, passes: int) -> float:
        """The AUC that so many later wafers fall below one time in twenty, if the model ranks as in its test."""
        return self.auc - CONFIDENCE * math.hypot(self.error, auc_standard_error(self.auc, failures, passes))
