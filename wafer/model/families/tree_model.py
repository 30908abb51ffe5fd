"""Trees as an XGBoost booster: the form in which both the random forest and boosted trees are kept and served."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wafer.wafers.arrays import Features, Floats

if TYPE_CHECKING:
    from xgboost import Booster


@dataclass(frozen=True, slots=True)
class TreeModel:
    """Fitted trees; the score is their margin."""

    booster: "Booster"

    def score(self, features: Features) -> Floats:
        """Return the margin of each row, (rows,)."""
        if not len(features):
            return np.empty(0)
        return np.asarray(self.booster.inplace_predict(features, predict_type="margin"), dtype=np.float64)

    def contributions(self, features: Features) -> Floats:
        """Return exact Shapley values, (rows, features); with a constant they add up to the score (Lundberg 2020).

        Every row is explained by itself, so that all cores share the rows and change nothing.
        """
        if not len(features):
            return np.empty_like(features, dtype=np.float64)
        import xgboost  # see `boosted_trees`

        self.booster.set_param("nthread", str(len(os.sched_getaffinity(0))))
        values = self.booster.predict(xgboost.DMatrix(features, nthread=1), pred_contribs=True)
        self.booster.set_param("nthread", "1")
        return np.asarray(values[:, :-1], dtype=np.float64)

    def save(self, path: Path) -> None:
        """Write the trees as UBJSON."""
        path.write_bytes(self.booster.save_raw("ubj"))


def load_trees(path: Path) -> TreeModel:
    """Read saved trees; they answer on one thread, since waking more costs more than a batch's trees."""
    import xgboost

    return TreeModel(xgboost.Booster({"nthread": 1}, model_file=bytearray(path.read_bytes())))
