"""Slow, shallow, strongly regularised boosted trees of XGBoost, scored by folds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

from wafer.model.families.held_out import joined_whole_and_folds, whole_and_folds
from wafer.model.families.protocol import FitPlan, Fitted, Piece
from wafer.model.families.tree_model import TreeModel, load_trees
from wafer.model.training_set import TrainingSet


@dataclass(frozen=True, slots=True)
class BoostedTrees:
    """The knobs of boosting. Its score is the margin, in log-odds."""

    name: ClassVar[str] = "xgboost"
    label: ClassVar[str] = "XGBoost"
    colour: ClassVar[str] = "#ea580c"
    file: ClassVar[str] = "xgboost.ubj"
    prefix: ClassVar[str] = "boosting_"
    packages: ClassVar[tuple[str, ...]] = ("xgboost",)

    rounds: int = 400
    learning_rate: float = 0.01
    depth: int = 3
    subsample: float = 0.7
    column_share: float = 0.1
    l2: float = 10.0
    bins: int = 64  # ranks as 256 do, in half the time

    def fit(self, training: TrainingSet, seed: int) -> TreeModel:
        """Grow the trees by one thread, so that cores never change the bytes."""
        from wafer.model.families.boosting import boosted  # xgboost: 1.8 s, which who only names families goes without

        passing, failing = training.weight[~training.failed].sum(), training.weight[training.failed].sum()
        parameters = {
            "objective": "binary:logistic",
            "base_score": 0.5,
            "eta": self.learning_rate,
            "max_depth": self.depth,
            "subsample": self.subsample,
            "colsample_bytree": self.column_share,
            "lambda": self.l2,
            "max_bin": self.bins,
            "scale_pos_weight": float(passing / failing),
            "tree_method": "hist",
            "seed": seed,
            "nthread": 1,
        }
        return TreeModel.of(boosted(training, parameters, self.bins, self.rounds))

    def steps(self, rows: int) -> int:  # noqa: ARG002 - a forest looks at it
        """One a round."""
        return self.rounds

    def pieces(self, training: TrainingSet, plan: FitPlan) -> Sequence[Piece]:
        """A fit on all rows and one without each fold."""
        return whole_and_folds(self, training, plan)

    def joined(self, training: TrainingSet, files: Sequence[Path]) -> Fitted:
        """The model of all rows and the scores of the folds."""
        return joined_whole_and_folds(self, training, files)

    def lighter(self) -> Self:
        """Return a quarter of the rounds, each of which counts four times as much."""
        return replace(self, rounds=max(1, self.rounds // 4), learning_rate=min(1.0, 4 * self.learning_rate))

    def load(self, path: Path) -> TreeModel:
        """Read saved trees."""
        return load_trees(path)
