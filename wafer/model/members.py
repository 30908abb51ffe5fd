"""Members: the fitted trees of one family, scored and explained in a space where scores add up."""

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from wafer.wafers.arrays import Features, Floats

if TYPE_CHECKING:
    from pathlib import Path

    from xgboost import Booster

Family = Literal["random_forest", "xgboost"]
FAMILIES: tuple[Family, ...] = get_args(Family)


def without_sklearn() -> None:
    """Keep xgboost from loading scikit-learn beside itself, in a process that trains nothing: a second for nothing.

    To be called before xgboost is imported; where scikit-learn is loaded already, it stays.
    """
    sys.modules.setdefault("sklearn", None)  # type: ignore[arg-type] # what is None here cannot be imported


@dataclass(frozen=True, slots=True)
class Member:
    """One fitted model; its score is the margin (XGBoost) or the probability (random forest)."""

    family: Family
    booster: "Booster"

    def score(self, features: Features) -> Floats:
        """Return the additive score of each row, (rows,)."""
        if not len(features):
            return np.empty(0)
        return np.asarray(self.booster.inplace_predict(features, predict_type="margin"), dtype=np.float64)

    def contributions(self, features: Features) -> Floats:
        """Return exact Shapley values, (rows, features); with a constant they add up to the score (Lundberg 2020).

        Every row is explained by itself, so that all cores share the rows and change nothing.
        """
        if not len(features):
            return np.empty_like(features, dtype=np.float64)
        import xgboost

        self.booster.set_param("nthread", str(len(os.sched_getaffinity(0))))
        values = self.booster.predict(xgboost.DMatrix(features, nthread=1), pred_contribs=True)
        self.booster.set_param("nthread", "1")
        return np.asarray(values[:, :-1], dtype=np.float64)

    def save(self, path: "Path") -> None:
        """Write the member as UBJSON."""
        path.write_bytes(self.booster.save_raw("ubj"))


def load_member(family: Family, path: "Path") -> Member:
    """Read a member written by `save`; it answers on one thread, since waking more costs more than a batch's trees."""
    import xgboost

    return Member(family, xgboost.Booster({"nthread": 1}, model_file=bytearray(path.read_bytes())))
