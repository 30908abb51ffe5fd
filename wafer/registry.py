"""The model registry and the training history, on MLflow: the only place that knows mlflow.

One registered model, `wafer-fault`; one version is one bundle. The alias `production` names the version that predicts,
`staging` the newest challenger that was not promoted. A bundle that is already registered (same digest) keeps its
version.
"""

import json
import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wafer.errors import ModelNotFound, NoProductionModel, RegistryUnavailable

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion as MlflowVersion

MODEL = "wafer-fault"
PRODUCTION, STAGING = "production", "staging"
HISTORY_TAG = "production_history"
HISTORY_KEPT = 100
BUNDLE_FOLDER = "bundle"


@dataclass(frozen=True, slots=True)
class Member:
    """One fitted model of a cluster: what a child run records."""

    name: str
    params: Mapping[str, Any]
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """What one training leaves in MLflow: a parent run with its files and a child run a member."""

    run_id: str
    tags: Mapping[str, str]
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    files: Sequence[Path]
    members: Sequence[Member] = ()


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A registered bundle."""

    version: int
    digest: str
    run_id: str
    created: str
    aliases: tuple[str, ...]
    decision: dict[str, Any] = field(default_factory=dict)


@contextmanager
def _reported(uri: str) -> Iterator[None]:
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        raise RegistryUnavailable(
            f"The model registry at {_without_password(uri)} did not take the call. Check that it runs and that "
            f"MLFLOW_TRACKING_URI names it, then retry the run. It said: {_without_password(error.message)}"
        ) from error


def _without_password(text: str) -> str:
    return re.sub(r"://[^/@\s]*@", "://", text)


class Registry:
    """Versions of the wafer-fault model on one MLflow server or one SQLite file."""

    def __init__(self, uri: str) -> None:
        os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        for noisy in ("alembic", "mlflow", "mlflow.store.db.utils"):
            logging.getLogger(noisy).setLevel(logging.WARNING)
        import mlflow

        self.uri = uri
        self._local = Path(uri.removeprefix("sqlite:///")).parent if uri.startswith("sqlite:///") else None
        if self._local:
            self._local.mkdir(parents=True, exist_ok=True)
        mlflow.set_tracking_uri(uri)
        mlflow.set_registry_uri(uri)
        self._client: MlflowClient = mlflow.MlflowClient(uri, uri)

    def log_training(self, record: TrainingRecord) -> str:
        """Record a training; the id of its parent run. A training recorded before is recorded once."""
        with _reported(self.uri):
            experiment = self._experiment()
            known = self._client.search_runs([experiment], f"tags.wafer_run_id = '{record.run_id}'", max_results=1)
            if known and known[0].info.status == "FINISHED":
                return str(known[0].info.run_id)
            parent = known[0] if known else self._start(experiment, record.run_id, {"wafer_run_id": record.run_id})
            parent_id = str(parent.info.run_id)
            self._fill(parent_id, record.params, record.metrics, record.tags)
            for file in record.files:
                self._client.log_artifact(parent_id, str(file))
            self._log_members(experiment, parent_id, record.members)
            self._client.set_terminated(parent_id)
            return parent_id

    def _experiment(self) -> str:
        found = self._client.get_experiment_by_name(MODEL)
        if found:
            return str(found.experiment_id)
        location = (self._local / "artifacts").as_uri() if self._local else None
        return str(self._client.create_experiment(MODEL, artifact_location=location))

    def _start(self, experiment: str, name: str, tags: Mapping[str, str]) -> Any:  # noqa: ANN401 - mlflow's Run
        return self._client.create_run(experiment, run_name=name, tags=dict(tags))

    def _fill(self, run: str, params: Mapping[str, Any], metrics: Mapping[str, float], tags: Mapping[str, str]) -> None:
        from mlflow.entities import Metric, Param, RunTag

        self._client.log_batch(
            run,
            [Metric(name, float(value), 0, 0) for name, value in metrics.items()],
            [Param(name, str(value)) for name, value in params.items()],
            [RunTag(name, value) for name, value in tags.items()],
        )

    def _log_members(self, experiment: str, parent: str, members: Sequence[Member]) -> None:
        known = self._client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{parent}'")
        done = {run.info.run_name for run in known if run.info.status == "FINISHED"}
        for member in members:
            if member.name not in done:
                child = self._start(experiment, member.name, {"mlflow.parentRunId": parent}).info.run_id
                self._fill(child, member.params, member.metrics, {})
                self._client.set_terminated(child)

    def register(self, bundle: Path, digest: str, parent_run: str, run_id: str) -> ModelVersion:
        """Register a bundle folder as a version; the version that already holds this digest is returned instead."""
        import mlflow

        known = [version for version in self.versions() if version.digest == digest]
        if known:
            return known[-1]
        with _reported(self.uri):
            with mlflow.start_run(run_id=parent_run):
                logged = mlflow.pyfunc.log_model(
                    name=BUNDLE_FOLDER,
                    loader_module="wafer.pyfunc",
                    data_path=str(bundle),
                    pip_requirements=["wafer-fault-prediction"],
                )
            self._ensure_model()
            created = self._client.create_model_version(
                MODEL,
                logged.model_uri,
                run_id=parent_run,
                model_id=logged.model_id,  # a server refuses the source without it
                tags={"digest": digest, "wafer_run_id": run_id},
            )
        return self.version(int(created.version))

    def _ensure_model(self) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self._client.create_registered_model(MODEL, description="Predicts which wafers are faulty.")
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def versions(self) -> list[ModelVersion]:
        """Every complete version, oldest first."""
        with _reported(self.uri):
            found = self._client.search_model_versions(f"name = '{MODEL}'", max_results=1000)
            aliases = self._aliases()
        complete = [self._read(each, aliases) for each in found if "digest" in each.tags]
        return sorted(complete, key=lambda each: each.version)

    def _aliases(self) -> dict[int, list[str]]:
        from mlflow.exceptions import MlflowException

        try:
            named = self._client.get_registered_model(MODEL).aliases
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return {}
        found: dict[int, list[str]] = {}
        for alias, version in named.items():
            found.setdefault(int(version), []).append(alias)
        return found

    def _read(self, raw: "MlflowVersion", aliases: Mapping[int, list[str]]) -> ModelVersion:
        created = datetime.fromtimestamp(raw.creation_timestamp / 1000, UTC).isoformat(timespec="seconds")
        version = int(raw.version)
        named = tuple(sorted(aliases.get(version, [])))
        decision = json.loads(raw.tags.get("decision", "{}"))
        return ModelVersion(version, raw.tags["digest"], raw.tags.get("wafer_run_id", ""), created, named, decision)

    def version(self, number: int) -> ModelVersion:
        """One version. Raises `ModelNotFound`."""
        found = next((each for each in self.versions() if each.version == number), None)
        if found is None:
            raise ModelNotFound(f"There is no version {number} of {MODEL}; `wafer models` lists the versions.")
        return found

    def production(self) -> ModelVersion | None:
        """The version that predicts, if one was ever promoted."""
        return next((each for each in self.versions() if PRODUCTION in each.aliases), None)

    def require_production(self) -> ModelVersion:
        """The version that predicts. Raises `NoProductionModel`."""
        found = self.production()
        if found is None:
            raise NoProductionModel(
                "No model is in production yet, so there is nothing to predict with. "
                "Train one first (`wafer train DIR`), or promote a version (`wafer models promote VERSION`)."
            )
        return found

    def promote(self, number: int) -> ModelVersion:
        """Put a version into production and remember it in the model's history."""
        self.version(number)
        with _reported(self.uri):
            history = self.history()
            if not history or history[-1] != number:
                self._remember([*history, number])
            self._client.set_registered_model_alias(MODEL, PRODUCTION, str(number))
        return self.version(number)

    def stage(self, number: int) -> None:
        """Name a version `staging`: complete, but not promoted."""
        with _reported(self.uri):
            self._client.set_registered_model_alias(MODEL, STAGING, str(number))

    def decide(self, number: int, decision: Mapping[str, Any]) -> None:
        """Keep the decision about a version with the version."""
        with _reported(self.uri):
            self._client.set_model_version_tag(MODEL, str(number), "decision", json.dumps(decision, sort_keys=True))

    def describe(self, version: ModelVersion, card: str) -> None:
        """Keep the model card with the version, as the description people see in MLflow."""
        with _reported(self.uri):
            self._client.update_model_version(MODEL, str(version.version), card)

    def history(self) -> list[int]:
        """Versions in the order in which they came into production."""
        from mlflow.exceptions import MlflowException

        try:
            tags = self._client.get_registered_model(MODEL).tags
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return []
        return [int(each) for each in json.loads(tags.get(HISTORY_TAG, "[]"))]

    def _remember(self, history: Sequence[int]) -> None:
        self._client.set_registered_model_tag(MODEL, HISTORY_TAG, json.dumps(list(history)[-HISTORY_KEPT:]))

    def rollback(self) -> ModelVersion:
        """Put the version back that was in production before. Raises `ModelNotFound` when there is none."""
        with _reported(self.uri):
            history = self.history()
        if len(history) < 2:
            raise ModelNotFound("No earlier production version is known, so there is nothing to roll back to.")
        with _reported(self.uri):
            self._client.set_registered_model_alias(MODEL, PRODUCTION, str(history[-2]))
            self._remember(history[:-1])
        return self.version(history[-2])

    def download(self, number: int, folder: Path) -> Path:
        """Fetch a version's bundle below `folder`; the folder that holds it. Its bytes are checked by `load_bundle`."""
        import mlflow

        with _reported(self.uri):
            fetched = mlflow.artifacts.download_artifacts(f"models:/{MODEL}/{number}", dst_path=str(folder))
        (found,) = (Path(fetched) / "data").iterdir()
        return found
