"""What a model registry is: trained bundles as versions, one of them in production, and how it came there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from wafer.built_in import BUILT_IN
from wafer.errors import NoProductionModel
from wafer.evaluation.decision import PromotionDecision
from wafer.registry.promotion_log import Promotion

if TYPE_CHECKING:
    import pandas as pd

MODEL = "wafer-fault"  # of the built-in contract; of another one, with its name behind
PRODUCTION, STAGING = "production", "staging"
Parameter = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class ChildRun:
    """One fitted model of a cluster: parameters and metrics of a child run."""

    name: str
    params: Mapping[str, Parameter]
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class LearnedFrom:
    """The wafers of a training, as MLflow shows a data set: `address` is where they are kept."""

    digest: str
    address: str
    wafers: int
    failures: int
    columns: Sequence[str]


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """What one training leaves in the history: a run with its files, and its child runs.

    `started` is when its first task began (seconds since 1970), 0 where nobody knows; `user` is who asked for it.
    """

    run_id: str
    tags: Mapping[str, str]
    params: Mapping[str, Parameter]
    metrics: Mapping[str, float]
    files: Sequence[Path]
    children: Sequence[ChildRun] = ()
    learned_from: LearnedFrom | None = None
    started: float = 0.0
    user: str = ""


@dataclass(frozen=True, slots=True)
class HowToAsk:
    """How a version is asked by MLflow's own means: the names of the line, some wafers, and what it says of them."""

    id_column: str
    sensors: tuple[str, ...]
    spellings: Mapping[str, tuple[str, ...]]  # `Contract.other_spellings`
    example: "pd.DataFrame"
    answer: "pd.DataFrame"


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A registered bundle. `created` is ISO 8601 in UTC."""

    version: int
    digest: str
    run_id: str
    created: str
    aliases: tuple[str, ...]
    decision: PromotionDecision | None = None  # nothing before the promotion stage decided
    declined: "Declined | None" = None


@dataclass(frozen=True, slots=True)
class Declined:
    """Who declined a version that waited for a person, why, and when (ISO 8601 in UTC)."""

    who: str
    why: str
    at: str


@dataclass(frozen=True, slots=True)
class ByHand:
    """Who asks for a change of production, why, and which version was there when they looked.

    `expected` is 0 for "none was there", and None for "whatever is there".
    """

    who: str = ""
    why: str = ""
    expected: int | None = None


UNSIGNED = ByHand()


class ModelVersions(Protocol):
    """The versions of the model as people see and move them.

    Every method raises `RegistryUnavailable` when the registry does not answer or refuses.
    """

    @property
    def model(self) -> str:
        """Name of the registered model."""

    def versions(self) -> list[ModelVersion]:
        """Every complete version, oldest first."""

    def version(self, number: int) -> ModelVersion:
        """One version. Raises `ModelNotFound`."""

    def promote(self, number: int, asked: ByHand = UNSIGNED) -> ModelVersion:
        """Put a version into production. Raises `ModelNotFound`, `ProductionChanged`."""

    def rollback(self, asked: ByHand = UNSIGNED) -> ModelVersion:
        """Put the version back that was in production before.

        Raises `ModelNotFound` when there is none, `ProductionChanged`.
        """

    def decline(self, number: int, asked: ByHand = UNSIGNED) -> ModelVersion:
        """Say no to a version that waits for a person. Raises `ModelNotFound`, `NotWaiting`."""

    def history(self) -> list[int]:
        """Versions in the order in which they came into production; what was rolled back is left out."""

    def promotions(self) -> list[Promotion]:
        """Every promotion and rollback that counts, oldest first: what came into production when, by whom and why."""

    def candidate(self) -> ModelVersion | None:
        """The newest version that waits for a person; None when that was declined, or a newer one is in production."""

    def download(self, number: int, folder: Path) -> Path:
        """Fetch a version's bundle below `folder`; the folder that holds it. Its bytes are checked by `load_bundle`.

        Raises `BundleRejected` when the file that tells MLflow how to load it is not the one that was registered.
        """


class Registry(ModelVersions, Protocol):
    """The same for trainings, which register versions and decide about them, and for predictions."""

    uri: str

    def log_training(self, record: TrainingRecord) -> str:
        """Record a training; the id of its parent run. A training recorded before is recorded once."""

    def add_files(self, parent_run: str, files: Sequence[Path]) -> None:
        """Keep what was made after the decision with a recorded training, which ends now."""

    def register(
        self, bundle: Path, digest: str, parent_run: str, run_id: str, asked: HowToAsk | None = None
    ) -> ModelVersion:
        """Register a bundle folder as a version; the version that already holds this digest is returned instead.

        MLflow shows how it is `asked`.
        """

    def fetch(self, number: int, name: str, folder: Path) -> Path:
        """Fetch a file of the training that made a version below `folder`; its path."""

    def decide(self, decision: PromotionDecision) -> None:
        """Keep the decision about a version with the version."""

    def describe(self, version: ModelVersion, card: str) -> None:
        """Keep the model card with the version, as the description people see."""

    def stage(self, number: int) -> None:
        """Name a version `staging`: complete, but not promoted. A newer one that has the name keeps it."""

    def production(self) -> ModelVersion | None:
        """The version that predicts, if one was ever promoted."""

    def require_production(self) -> ModelVersion:
        """The version that predicts. Raises `NoProductionModel`."""

    def last_promotion(self) -> int:
        """Number of the last promotion; 0 before the first."""

    def champion(self) -> tuple[int, ModelVersion | None]:
        """The last promotion and its version: what a decision is about."""

    def take_over(self, number: int, *, after: int, by: str, why: str = "") -> bool:
        """Put a version into production unless another came there since the promotion `after`; whether it came there.

        `by` names the run that decided so, `why` is its reason; asking again for the same run changes nothing.
        """


def open_registry(uri: str, contract: str = BUILT_IN) -> Registry:
    """Open the model of a contract on an MLflow server (`http://…`) or in an SQLite file (`sqlite:///…`)."""
    from wafer.registry.registry import MlflowRegistry  # mlflow takes 2 s to import

    return MlflowRegistry(uri, model=model_of(contract))


def model_of(contract: str) -> str:
    """Name of the registered model of a contract (ADR 27)."""
    return MODEL if contract == BUILT_IN else f"{MODEL}-{contract}"


def no_production(model: str) -> NoProductionModel:
    """What is raised where no version of a model is in production."""
    if model == MODEL:
        return NoProductionModel()
    contract = model.removeprefix(f"{MODEL}-")
    return NoProductionModel(
        f"No model of the contract {contract!r} is in production yet, and the model of another contract never predicts "
        f"in its place. Train one first (`wafer train DIR --contract {contract}`), or promote a version "
        f"(`wafer models promote VERSION --contract {contract}`)."
    )
