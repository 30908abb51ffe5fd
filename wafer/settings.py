"""The settings of a process, read once from the environment at its edge and passed inward as plain values."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from wafer.built_in import BUILT_IN
from wafer.evaluation.decision import Mode
from wafer.evaluation.rule import DEFAULT, Rule
from wafer.paths import MLFLOW_FILE, documents_address, resolved, sqlite_uri, store_address, tracking_address

EXPLAINED = 1000

WORKERS, USER = "WAFER_WORKERS", "WAFER_USER"
ENGINE_TLS = "/var/run/secrets/wafer-engine"  # where a pod finds them


class Settings(BaseSettings):
    """Where a run keeps its state; every default lies below `WAFER_HOME`, so a laptop needs no configuration."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    home: Annotated[Path, AfterValidator(resolved)] = Field(
        Path(".wafer"), validation_alias="WAFER_HOME", validate_default=True
    )
    store: Annotated[str, AfterValidator(store_address)] = Field("", validation_alias="WAFER_STORE")
    mongodb_uri: Annotated[str, AfterValidator(documents_address)] = Field("", validation_alias="MONGODB_URI")
    mlflow_tracking_uri: Annotated[str, AfterValidator(tracking_address)] = Field(
        "", validation_alias="MLFLOW_TRACKING_URI"
    )
    workers: int = Field(1, ge=1, validation_alias=WORKERS)  # processes that share a task's units of work
    engine: str = Field("", validation_alias="WAFER_ENGINE")  # tls://host:port of a scheduler with workers of its own
    engine_tls: Annotated[Path, AfterValidator(resolved)] = Field(
        Path(ENGINE_TLS), validation_alias="WAFER_ENGINE_TLS"
    )  # folder with its certificates

    explained: int = Field(EXPLAINED, validation_alias="WAFER_EXPLAINED", ge=0)
    """So many wafers to review are published with their reasons; any other wafer is explained on request."""

    user: str = Field("", validation_alias=USER)
    """Who asked for the run, as MLflow shows it; a run of this machine is told by whoever starts it."""

    threshold: Rule = Field(DEFAULT, validation_alias="WAFER_THRESHOLD")
    """How a prediction that does not say it keeps its false-alarm budget: `wafer.model.recent`."""

    contract: str = Field(BUILT_IN, validation_alias="WAFER_CONTRACT")
    """Name of the contract of whatever does not say its own."""

    promotion: Mode = Field("auto", validation_alias="WAFER_PROMOTION")
    """Whether a training that does not say it promotes its model itself, or leaves that to a person."""

    @property
    def store_uri(self) -> str:
        """Root of everything that outlives a run: a folder path or `s3://bucket/prefix`."""
        return self.store or str(self.home / "store")

    @property
    def documents_uri(self) -> str:
        """A `mongodb://` URI, or the path of the SQLite file of an embedded installation."""
        return self.mongodb_uri or str(self.home / "documents.sqlite")

    @property
    def tracking_uri(self) -> str:
        """MLflow tracking and registry: a server's URI, or SQLite below the home."""
        return self.mlflow_tracking_uri or sqlite_uri(self.home / "mlflow" / MLFLOW_FILE)

    @property
    def runs_dir(self) -> Path:
        """Artifacts, logs and caches of embedded runs, a folder a run."""
        return self.home / "runs"
