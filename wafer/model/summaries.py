"""What a trained model says of itself: one summary a cluster, one of the models of all wafers, one of the bundle.

Each is written as JSON by the stage that makes it and read back by whoever loads it; the form of the files is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wafer.evaluation.quality import Quality
from wafer.model.calibration import Calibration
from wafer.model.recipe import Recipe


@dataclass(frozen=True, slots=True)
class ClusterSummary:
    """What prediction needs to know of a cluster's model, and what a reader wants to."""

    cluster: int
    family: str  # the one that serves
    share: float  # of the cluster's own model in a score; the rest is the global model's
    calibration: Calibration
    wafers: int
    failures: int
    quality: Mapping[str, Quality]  # by family, out of fold

    @property
    def serving(self) -> Quality:
        """Figures of the family that serves."""
        return self.quality[self.family]

    def to_json(self) -> dict[str, Any]:
        """Return the summary as it is written."""
        return {
            "cluster": self.cluster,
            "family": self.family,
            "share": self.share,
            "calibration": self.calibration.to_json(),
            "wafers": self.wafers,
            "failures": self.failures,
            "quality": {family: quality.to_json() for family, quality in self.quality.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ClusterSummary":
        """Build it from what `to_json` returned."""
        return cls(
            cluster=int(data["cluster"]),
            family=str(data["family"]),
            share=float(data["share"]),
            calibration=Calibration.from_json(data["calibration"]),
            wafers=int(data["wafers"]),
            failures=int(data["failures"]),
            quality={family: Quality(**figures) for family, figures in data["quality"].items()},
        )


@dataclass(frozen=True, slots=True)
class GlobalSummary:
    """The models of all wafers: what they were made by, and how well they rank wafers that they did not see."""

    recipe: Recipe
    auc: Mapping[str, float]  # by family, with wafers held out at random
    auc_stretches: float | None  # of the recipe's `stretch_family`, with stretches of consecutive wafers held out

    @property
    def neighbours(self) -> "Neighbours":
        """How much of the skill is lent by neighbours."""
        return Neighbours(self.auc[self.recipe.stretch_family], self.auc_stretches)

    def to_json(self) -> dict[str, Any]:
        """Return the summary as it is written."""
        return {"recipe": self.recipe.to_json(), "auc": dict(self.auc), "auc_stretches": self.auc_stretches}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "GlobalSummary":
        """Build it from what `to_json` returned."""
        return cls(Recipe.from_json(data["recipe"]), dict(data["auc"]), data["auc_stretches"])


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The same family on all wafers, with wafers and with whole stretches of wafers held out."""

    auc: float
    auc_stretches: float | None  # None: too few failures to tell


@dataclass(frozen=True, slots=True)
class BundleSummary:
    """What the seal says of a bundle."""

    clusters: tuple[ClusterSummary, ...]
    contract_digest: str
    metadata: Mapping[str, str]  # the caller's own; part of the digest
    neighbours: Neighbours
    quality: Quality  # all training wafers out of fold, under one threshold
    recipe: Recipe

    def to_json(self) -> dict[str, Any]:
        """Return the summary as it is sealed."""
        return {
            "clusters": [each.to_json() for each in self.clusters],
            "contract_digest": self.contract_digest,
            "metadata": dict(self.metadata),
            "neighbours": {"auc": self.neighbours.auc, "auc_stretches": self.neighbours.auc_stretches},
            "quality": self.quality.to_json(),
            "recipe": self.recipe.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "BundleSummary":
        """Build it from what a seal says. Raises BundleRejected for a family that this version does not know."""
        return cls(
            clusters=tuple(ClusterSummary.from_json(each) for each in data["clusters"]),
            contract_digest=str(data["contract_digest"]),
            metadata=dict(data["metadata"]),
            neighbours=Neighbours(**data["neighbours"]),
            quality=Quality(**data["quality"]),
            recipe=Recipe.from_json(data["recipe"]),
        )
