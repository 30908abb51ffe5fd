"""Trees as a saved XGBoost booster: the form in which both the random forest and boosted trees are kept and served."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from wafer.model.families.margins import Margins
from wafer.model.families.shapley import ShapleyValues
from wafer.model.families.trees import Trees, trees_of
from wafer.wafers.arrays import Features, Floats

if TYPE_CHECKING:
    from xgboost import Booster


@dataclass(frozen=True)  # no slots: what is read once is kept
class TreeModel:
    """Fitted trees; the score is their margin. Nothing of XGBoost is needed to answer."""

    saved: bytes  # UBJSON, which XGBoost loads too
    booster: "Booster | None" = field(default=None, compare=False, repr=False)  # where it was just fitted: it is faster

    @classmethod
    def of(cls, booster: "Booster") -> Self:
        """Take the trees of a booster."""
        return cls(bytes(booster.save_raw("ubj")), booster)

    @cached_property
    def trees(self) -> Trees:
        """The trees as arrays."""
        return trees_of(self.saved)

    @cached_property
    def margins(self) -> Margins:
        """What scores rows by these trees."""
        return Margins.of(self.trees)

    @cached_property
    def explained(self) -> ShapleyValues:
        """What explains rows by these trees."""
        return ShapleyValues.of(self.trees)

    def score(self, features: Features) -> Floats:
        """Return the margin of each row, (rows,)."""
        if self.booster is not None and len(features):
            return np.asarray(self.booster.inplace_predict(features, predict_type="margin"), dtype=np.float64)
        return self.margins.of_rows(features)

    def contributions(self, features: Features) -> Floats:
        """Return exact Shapley values, (rows, features); with a constant they add up to the score."""
        return self.explained.of_rows(features)

    def save(self, path: Path) -> None:
        """Write the trees as UBJSON."""
        path.write_bytes(self.saved)


def load_trees(path: Path) -> TreeModel:
    """Read saved trees. Raises ValueError or KeyError for a file of another form."""
    model = TreeModel(path.read_bytes())
    model.margins  # noqa: B018 - a file that cannot be read is told here
    return model
