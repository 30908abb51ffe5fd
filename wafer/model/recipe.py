"""Every knob of training in one place; a bundle carries the recipe it was made with."""

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from wafer.errors import BundleRejected
from wafer.model.families.boosted_trees import BoostedTrees
from wafer.model.families.protocol import Family
from wafer.model.families.random_forest import RandomForest

FAMILIES: tuple[Family, ...] = (  # the first one serves unless another is clearly better
    RandomForest(),
    BoostedTrees(),
)


Knobs = dict[str, Any]  # by name, those of a family with its prefix
VERSION = 5  # goes up when the same wafers and knobs give other bytes (`docs/model.md`)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is made; the defaults were chosen inside cross-validation (`docs/model.md`)."""

    version: int = VERSION
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
    novelty_percentile: float = 99.9  # of the distance, and of what the pattern leaves over of held-out wafers
    novelty_margin: float = 0.10  # beyond it, as a share of it
    novelty_ranges: float = 2.0  # training ranges outside, or as many as held-out wafers need
    novelty_most_ranges: float = 8.0
    novelty_heldout_percentile: float = 99.6
    novelty_missing_margin: float = 0.10
    novelty_clip: float = 5.0
    novelty_ridge: float = 0.20  # share of a sensor's variance that its pattern takes for noise
    novelty_components: int = 128  # at most

    # Models: every family brings knobs of its own
    families: tuple[Family, ...] = field(default_factory=lambda: FAMILIES)
    folds: int = 3
    out_of_cluster_weight: float = 0.2
    cluster_share: float = 0.5
    family_confidence: float = 1.645  # standard errors of AUC by which another must beat the first: one-sided 95 %

    # Decision: share of good wafers that may be flagged
    false_alarm_budget: float = 0.10

    def family(self, name: str) -> Family:
        """Return the family of this name. Raises BundleRejected."""
        return _named(self.families, name)

    def to_json(self) -> Knobs:
        """Return the knobs by name, those of a family with its prefix."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        knobs = {family.prefix + name: value for family in self.families for name, value in asdict(family).items()}
        return plain | knobs | {"families": [family.name for family in self.families]}

    @classmethod
    def from_json(cls, data: Knobs) -> "Recipe":
        """Build it from what `to_json` returned, now or before; knobs that it did not state have their defaults."""
        stated = [family.name for family in FAMILIES if any(knob.startswith(family.prefix) for knob in data)]
        names = data.get("families", stated)
        chosen = tuple(_with_knobs(_named(FAMILIES, name), data) for name in names)
        known = {each.name for each in fields(cls)} - {"families"}
        plain = {name: value for name, value in data.items() if name in known}
        return cls(**{"version": 1, **plain, "families": chosen})


def _named(families: tuple[Family, ...], name: str) -> Family:
    for family in families:
        if family.name == name:
            return family
    raise BundleRejected(f"The model bundle names an unknown family of models, {name!r}.")


def _with_knobs(family: Family, data: Knobs) -> Family:
    names = [each.name for each in fields(family)]
    return replace(family, **{name: data[family.prefix + name] for name in names if family.prefix + name in data})
