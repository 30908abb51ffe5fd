"""What a trained model says of itself: one summary a cluster, one of the models of all wafers, one of the bundle.

Each is written as JSON by the stage that makes it and read back by whoever loads it; the form of the files is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator

from wafer.evaluation.held_out import HeldOutFigures
from wafer.evaluation.quality import Quality
from wafer.model.calibration import Calibration
from wafer.model.recipe import Recipe

RecipeInJson = Annotated[Recipe, PlainValidator(Recipe.from_json), PlainSerializer(Recipe.to_json)]


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


@dataclass(frozen=True, slots=True)
class GlobalSummary:
    """The models of all wafers: what they were made by, and how well they rank wafers that they did not see."""

    recipe: RecipeInJson
    auc: Mapping[str, float]  # by family, with wafers held out at random
    forward: HeldOutFigures | None  # of the family that serves, asked about later files; None: too few failures to tell
    whole_files: HeldOutFigures | None  # the same, asked about other files


@dataclass(frozen=True, slots=True)
class BundleSummary:
    """What the seal says of a bundle."""

    clusters: tuple[ClusterSummary, ...]
    contract_digest: str
    metadata: Mapping[str, str]  # the caller's own; part of the digest
    quality: Quality  # all training wafers out of fold, under one threshold
    recipe: RecipeInJson
    out_of_fold: str = ""  # sha256 of the file kept with the training; empty where the bundle holds the rows itself
    forward: HeldOutFigures | None = None  # as in `GlobalSummary`; None too where nobody asked yet, before recipe 4
    whole_files: HeldOutFigures | None = None
