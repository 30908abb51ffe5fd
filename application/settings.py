"""The service's settings, read once from the environment besides those of `wafer.settings`."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from application.retraining.policy import EVERY_BATCHES
from wafer.evaluation.decision import Mode
from wafer.paths import resolved, store_address

MIB = 2**20


def _prefix(path: str) -> str:
    name = path.strip("/")
    return f"/{name}" if name else ""


class ServiceSettings(BaseSettings):
    """Every default suits a laptop."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    sources: str = Field("", validation_alias="WAFER_SOURCES")
    """Folders and s3:// prefixes, separated by commas, that runs may read besides the store's own raw/."""
    ledger: str = Field("", validation_alias="WAFER_LEDGER")
    """`dynamodb://TABLE`; empty: SQLite below the home."""
    keys: Annotated[str, AfterValidator(store_address)] = Field("", validation_alias="WAFER_API_KEYS")
    """File of the API keys; empty: `keys.json` below the home."""
    session_secret: str = Field("", validation_alias="WAFER_SESSION_SECRET")
    """Signs sessions; several replicas need the same one. Empty: made once below the home."""
    hosts: str = Field("", validation_alias="WAFER_HOSTS")
    """Host names, separated by commas, to answer to; empty: this machine's own without keys, else any."""
    prefix: Annotated[str, AfterValidator(_prefix)] = Field("", validation_alias="WAFER_PREFIX")
    """Path below which a reverse proxy shows the service, as `/wafer`."""
    proxies: str = Field("127.0.0.1", validation_alias="WAFER_PROXIES")
    """Addresses of reverse proxies whose X-Forwarded headers are believed."""
    metrics_port: int = Field(0, validation_alias="WAFER_METRICS_PORT", ge=0, le=65535)
    """A further port that answers `/metrics` alone, without a key and under any host name; 0: none."""
    schema_file: str = Field("", validation_alias="WAFER_SCHEMA")
    policy_file: str = Field("", validation_alias="WAFER_POLICY")
    """The contract by which `POST /score` reads wafers; empty: the one shipped here."""
    body_bytes: int = Field(MIB, validation_alias="WAFER_BODY_BYTES", ge=1024)
    upload_bytes: int = Field(64 * MIB, validation_alias="WAFER_UPLOAD_BYTES", ge=1)
    upload_files: int = Field(500, validation_alias="WAFER_UPLOAD_FILES", ge=1)
    """Files in one batch set."""
    max_runs: int = Field(2, validation_alias="WAFER_MAX_RUNS", ge=1)
    """Embedded runs at once; later ones wait. Kubeflow does its own waiting."""
    key_hours: float = Field(24.0, validation_alias="WAFER_IDEMPOTENCY_HOURS", gt=0)
    auto_retries: int = Field(1, validation_alias="WAFER_AUTO_RETRIES", ge=0)
    """How often a run on Kubeflow is retried by itself when a task failed with an error that a retry may help."""
    look_back_hours: float = Field(48.0, validation_alias="WAFER_LOOK_BACK_HOURS", ge=0)
    """How long after its end a run that failed on Kubeflow is looked at again: it may be retried on Kubeflow's page."""
    reads_per_second: float = Field(200.0, validation_alias="WAFER_READS_PER_SECOND", gt=0)
    changes_per_second: float = Field(10.0, validation_alias="WAFER_CHANGES_PER_SECOND", gt=0)
    retrain_hours: float = Field(0.0, validation_alias="WAFER_RETRAIN_HOURS", ge=0)
    """How often the service decides whether to train again; 0: never by itself."""
    retrain_batches: int = Field(EVERY_BATCHES, validation_alias="WAFER_RETRAIN_BATCHES", ge=1)
    """Labelled files after which it trains again, drift or not."""
    retrain_promotion: Mode | None = Field(None, validation_alias="WAFER_RETRAIN_PROMOTION")
    """Mode of these trainings; none: as `WAFER_PROMOTION` says."""
    retention_days: float = Field(0.0, validation_alias="WAFER_RETENTION_DAYS", ge=0)
    """Age at which ended runs, and batch sets that only they read, are removed; 0: never."""
    webhooks: SecretStr = Field(SecretStr(""), validation_alias="WAFER_WEBHOOKS")
    """Addresses that are told what happens, separated by commas; `slack+` or `teams+` before one chooses its form."""
    webhook_secret: SecretStr = Field(SecretStr(""), validation_alias="WAFER_WEBHOOK_SECRET")
    """Signs notices."""
    kfp_endpoint: str = Field("", validation_alias="KFP_ENDPOINT")
    kfp_experiment: str = Field("wafer-fault", validation_alias="KFP_EXPERIMENT")
    kfp_namespace: str = Field("", validation_alias="KFP_NAMESPACE")
    kfp_token: Annotated[Path, AfterValidator(resolved)] = Field(
        Path("/var/run/secrets/kubeflow/pipelines/token"), validation_alias="KFP_TOKEN_PATH"
    )

    @property
    def allowed_sources(self) -> tuple[str, ...]:
        """The places of `sources`."""
        return tuple(map(store_address, _listed(self.sources)))

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """The names of `hosts`."""
        return _listed(self.hosts)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
