"""Every knob of training in one place; a bundle carries the recipe it was made with."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is made; the defaults were chosen inside cross-validation (`docs/model.md`)."""

    seed: int = 7

    # What can be learned from. Fewer of either class cannot be split into folds that still say something.
    min_failures: int = 10
    min_passes: int = 10

    # Preprocessing
    max_missing_share: float = 0.70
    max_correlation: float = 0.95
    missing_indicators: bool = False

    # Clustering
    cluster_max_missing_share: float = 0.50
    cluster_clip: float = 3.0
    cluster_components: int = 10
    max_clusters: int = 10
    min_cluster_failures: int = 25

    # Novelty: when a wafer is too unlike the training wafers to be judged
    novelty_percentile: float = 99.9
    novelty_ranges: float = 10.0
    novelty_missing_margin: float = 0.10

    # Members
    folds: int = 3
    out_of_cluster_weight: float = 0.2
    cluster_share: float = 0.5
    family_confidence: float = 1.645  # standard errors of AUC by which XGBoost must beat the forest: one-sided 95 %
    forest_trees: int = 800
    forest_trees_cluster: int = 400  # averaged with the global forest, so a wafer is judged by 1,200 trees
    forest_work: int = 4_000_000  # rows times trees: from 5,000 wafers on a forest needs fewer trees to say the same
    forest_least_trees: int = 100
    forest_min_leaf: int = 5
    forest_max_depth: int = 10  # ranks as deeper trees do, and is explained in half the time
    boosting_rounds: int = 400
    boosting_learning_rate: float = 0.01
    boosting_depth: int = 3
    boosting_subsample: float = 0.7
    boosting_column_share: float = 0.1
    boosting_l2: float = 10.0
    boosting_bins: int = 64  # ranks as 256 do, in half the time

    # Decision: share of good wafers that may be flagged
    false_alarm_budget: float = 0.10

    def to_json(self) -> dict[str, Any]:
        """Return the knobs by name."""
        return asdict(self)

    def parameters(self, family: str) -> dict[str, Any]:
        """Return what is recorded beside a member of this family."""
        stem = "forest_" if family == "random_forest" else "boosting_"
        shared = ("seed", "folds", "out_of_cluster_weight", "cluster_share")
        return {name: value for name, value in self.to_json().items() if name.startswith(stem) or name in shared}
