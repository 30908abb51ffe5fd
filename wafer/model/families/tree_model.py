"""Trees as an XGBoost booster: the form in which both the random forest and boosted trees are kept and served."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wafer.model.families.shapley import ShapleyValues
from wafer.model.families.trees import trees_of
from wafer.wafers.arrays import Features, Floats

if TYPE_CHECKING:
    from xgboost import Booster


@dataclass(frozen=True)  # no slots: the explainer is kept once made
class TreeModel:
    """Fitted trees; the score is their margin."""

    booster: "Booster"

    def score(self, features: Features) -> Floats:
        """Return the margin of each row, (rows,)."""
        if not len(features):
            return np.empty(0)
        return np.asarray(self.booster.inplace_predict(features, predict_type="margin"), dtype=np.float64)

    @cached_property
    def explained(self) -> ShapleyValues:
        """What explains rows by these trees."""
        return ShapleyValues.of(trees_of(self.booster))

    def contributions(self, features: Features) -> Floats:
        """Return exact Shapley values, (rows, features); with a constant they add up to the score."""
        return self.explained.of_rows(features)

    def save(self, path: Path) -> None:
        """Write the trees as UBJSON."""
        path.write_bytes(self.booster.save_raw("ubj"))


def load_trees(path: Path) -> TreeModel:
    """Read saved trees; they answer on one thread, since waking more costs more than a batch's trees."""
    import xgboost

    return TreeModel(xgboost.Booster({"nthread": 1}, model_file=bytearray(path.read_bytes())))
