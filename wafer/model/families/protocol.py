"""What training, prediction and reports ask of a family of models."""

from collections.abc import Callable, Sequence
from dataclasses import Field, dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

from wafer.model.training_set import TrainingSet
from wafer.wafers.arrays import Features, Floats


class FamilyModel(Protocol):
    """One fitted model; scores of two models of a family can be averaged."""

    def score(self, features: Features) -> Floats:
        """Return the score of each row, (rows,); a row scores the same alone and among others."""
        ...

    def contributions(self, features: Features) -> Floats:
        """Return what each feature adds to each row's score, (rows, features); with a constant they add up to it."""
        ...

    def save(self, path: Path) -> None:
        """Write the model as a file without pickle that `Family.load` reads."""
        ...


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted model, and an honest score for every row that it learned from."""

    model: FamilyModel
    scores: Floats  # (rows,) by models that did not see the row


@dataclass(frozen=True, slots=True)
class FitPlan:
    """How a family is to be fitted."""

    seed: int
    in_cluster: bool  # averaged with a model of all wafers, so it may be smaller


@dataclass(frozen=True, slots=True)
class Piece:
    """Something to fit that needs nothing but the rows, so that any process can do it."""

    name: str  # unique among the pieces of one training set
    packages: tuple[str, ...]  # that the work imports
    steps: int  # that the work tells `wafer.progress.advance`
    work: Callable[[TrainingSet, Path], None]  # leaves what was found as a file; by one thread; can be pickled


class Family(Protocol):
    """A frozen dataclass whose fields are the family's knobs. Only what fits may import what training needs."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    name: ClassVar[str]  # in bundles and tables of figures
    label: ClassVar[str]  # for people
    colour: ClassVar[str]  # in plots
    file: ClassVar[str]  # name of a saved model
    prefix: ClassVar[str]  # of the knobs' names in a recorded recipe
    packages: ClassVar[tuple[str, ...]]  # that a fit imports

    def fit(self, training: TrainingSet, seed: int) -> FamilyModel:
        """Fit on all rows in this thread."""
        ...

    def steps(self, rows: int) -> int:
        """How many steps a fit of so many rows tells `wafer.progress.advance`."""
        ...

    def pieces(self, training: TrainingSet, plan: FitPlan) -> Sequence[Piece]:
        """What is to be done to fit on all rows and to score each row honestly, in any order."""
        ...

    def joined(self, training: TrainingSet, files: Sequence[Path]) -> Fitted:
        """Join what the pieces left, in their order."""
        ...

    def lighter(self) -> Self:
        """Return knobs that rank nearly as well for a fraction of the time: for fits that only judge."""
        ...

    def load(self, path: Path) -> FamilyModel:
        """Read what `save` wrote."""
        ...
