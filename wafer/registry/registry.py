"""Versions, training history and promotions on one MLflow server or one SQLite file.

One registered model, `wafer-fault`; one version is one bundle. The alias `production` names the version that predicts,
`staging` the newest challenger that was not promoted. A bundle that is already registered (same digest) keeps its
version. What came into production stands in a log (`promotions.py`), kept as the versions of a second registered
model, `wafer-fault-production`: adding a version is the one thing that MLflow numbers in one step.
"""

import hashlib
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from wafer.errors import BundleRejected, ModelNotFound, NoProductionModel, RegistryUnavailable
from wafer.evaluation.decision import PromotionDecision
from wafer.registry.promotions import Promotion, in_force, last_number, versions_in_order

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel
    from mlflow.entities.model_registry import ModelVersion as MlflowVersion

MODEL = "wafer-fault"
PRODUCTION, STAGING = "production", "staging"
PRODUCTION_LOG = "wafer-fault-production"
DESCRIPTIONS = {
    MODEL: "Predicts which wafers are faulty.",
    PRODUCTION_LOG: "Which version of wafer-fault came into production when; one version here is one promotion.",
}
BUNDLE_FOLDER = "bundle"
DESCRIBED_TAG = "mlmodel_sha256"
Parameter = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Member:
    """One fitted model of a cluster: what a child run records."""

    name: str
    params: Mapping[str, Parameter]
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """What one training leaves in MLflow: a parent run with its files and a child run a member."""

    run_id: str
    tags: Mapping[str, str]
    params: Mapping[str, Parameter]
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
    decision: PromotionDecision | None = None  # nothing before the promotion stage decided


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
    """Versions of the wafer-fault model on one MLflow server or one SQLite file.

    `client` speaks to it; by default MLflow's own.
    """

    def __init__(self, uri: str, client: "MlflowClient | None" = None) -> None:
        from mlflow import MlflowClient

        self.uri = uri
        self._local = Path(uri.removeprefix("sqlite:///")).parent if uri.startswith("sqlite:///") else None
        if self._local:
            self._local.mkdir(parents=True, exist_ok=True)
        self._client = client or MlflowClient(uri, uri)

    def log_training(self, record: TrainingRecord) -> str:
        """Record a training; the id of its parent run. A training recorded before is recorded once."""
        with _reported(self.uri):
            experiment = self._experiment()
            parent_id, finished = self._run(experiment, record.run_id, {"wafer_run_id": record.run_id})
            if finished:
                return parent_id
            self._fill(parent_id, record.params, record.metrics, record.tags)
            for file in record.files:
                self._client.log_artifact(parent_id, str(file))
            self._log_members(experiment, parent_id, record.members)
            self._client.set_terminated(parent_id)
            return parent_id

    def _experiment(self) -> str:
        from mlflow.exceptions import MlflowException

        if found := self._client.get_experiment_by_name(MODEL):
            return str(found.experiment_id)
        location = (self._local / "artifacts").as_uri() if self._local else None
        try:
            return str(self._client.create_experiment(MODEL, artifact_location=location))
        except MlflowException as error:
            made = self._client.get_experiment_by_name(MODEL)  # by another process, or by a call whose answer was lost
            if error.error_code != "RESOURCE_ALREADY_EXISTS" or made is None:
                raise
            return str(made.experiment_id)

    def _run(self, experiment: str, name: str, tags: Mapping[str, str]) -> tuple[str, bool]:
        """Id of the one run with these name and tags, made where there is none, and whether it is finished.

        A call that was repeated because its answer was lost may have made a second one, which is removed.
        """
        wanted = [f"tags.`{tag}` = '{value}'" for tag, value in {**tags, "mlflow.runName": name}.items()]
        found = self._client.search_runs([experiment], " and ".join(wanted), order_by=["start_time ASC", "run_id"])
        first = found[0] if found else self._client.create_run(experiment, run_name=name, tags=dict(tags))
        for extra in found[1:]:
            self._client.delete_run(extra.info.run_id)
        return str(first.info.run_id), first.info.status == "FINISHED"

    def _fill(
        self, run: str, params: Mapping[str, Parameter], metrics: Mapping[str, float], tags: Mapping[str, str]
    ) -> None:
        from mlflow.entities import Metric, Param, RunTag

        self._client.log_batch(
            run,
            [Metric(name, float(value), 0, 0) for name, value in metrics.items()],
            [Param(name, str(value)) for name, value in params.items()],
            [RunTag(name, value) for name, value in tags.items()],
        )

    def _log_members(self, experiment: str, parent: str, members: Sequence[Member]) -> None:
        for member in members:
            child, finished = self._run(experiment, member.name, {"mlflow.parentRunId": parent})
            if not finished:
                self._fill(child, member.params, member.metrics, {})
                self._client.set_terminated(child)

    def register(self, bundle: Path, digest: str, parent_run: str, run_id: str) -> ModelVersion:
        """Register a bundle folder as a version; the version that already holds this digest is returned instead."""
        known = [version for version in self.versions() if version.digest == digest]
        if known:
            return known[0]
        with _reported(self.uri):
            logged, described = self._log_model(bundle, parent_run)
            self._ensure_model(MODEL)
            self._client.create_model_version(
                MODEL,
                logged.artifact_location,  # `models:/<id>` is looked up on the tracking server of the whole process
                run_id=parent_run,
                model_id=logged.model_id,  # a server refuses the source without it
                tags={"digest": digest, "wafer_run_id": run_id, DESCRIBED_TAG: described},
            )
        return next(version for version in self.versions() if version.digest == digest)

    def _log_model(self, bundle: Path, parent_run: str) -> "tuple[LoggedModel, str]":
        """Log a bundle as a model of MLflow; the model, and the digest of the file MLmodel that says how to load it.

        The steps of `mlflow.pyfunc.log_model`, which knows only the one tracking server of the whole process.
        """
        from mlflow.entities import LoggedModelOutput
        from mlflow.models import Model
        from mlflow.pyfunc import save_model

        logged = self._client.create_logged_model(self._experiment(), BUNDLE_FOLDER, parent_run)
        self._client.log_outputs(parent_run, [LoggedModelOutput(logged.model_id, step=0)])
        with tempfile.TemporaryDirectory(prefix="registered-") as scratch:
            folder = Path(scratch) / "model"
            save_model(
                folder,
                loader_module="wafer.pyfunc",
                data_path=str(bundle),
                pip_requirements=["wafer-fault-prediction"],
                mlflow_model=Model(
                    logged.artifact_location, parent_run, model_uuid=logged.model_id, model_id=logged.model_id
                ),
            )
            described = _sha256(folder / "MLmodel")
            self._client.log_model_artifacts(logged.model_id, str(folder))
        return self._client.finalize_logged_model(logged.model_id, "READY"), described

    def _ensure_model(self, name: str) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self._client.create_registered_model(name, description=DESCRIPTIONS[name])
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def versions(self) -> list[ModelVersion]:
        """Every complete version, oldest first.

        Of several with one digest (made at the same moment, or by a call whose answer was lost) the first stands for
        all, unless one of them is in production.
        """
        with _reported(self.uri):
            aliases = self._aliases()
            complete = [self._read(each, aliases) for each in self._all_of(MODEL) if "digest" in each.tags]
        of_digest: dict[str, ModelVersion] = {}
        for each in sorted(complete, key=lambda each: (PRODUCTION not in each.aliases, each.version)):
            of_digest.setdefault(each.digest, each)
        return sorted(of_digest.values(), key=lambda each: each.version)

    def _all_of(self, name: str) -> list["MlflowVersion"]:
        found: list[MlflowVersion] = []
        token = None
        while page := self._client.search_model_versions(f"name = '{name}'", max_results=1000, page_token=token):
            found += page
            if not (token := page.token):
                break
        return found

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
        decision = PromotionDecision.from_json(raw.tags["decision"]) if "decision" in raw.tags else None
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
            raise NoProductionModel
        return found

    def last_promotion(self) -> int:
        """Number of the last promotion."""
        with _reported(self.uri):
            return last_number(self._promotions())

    def champion(self) -> tuple[int, ModelVersion | None]:
        """The last promotion and its version: what a decision is about, told by the log alone.

        The alias follows the log a moment later; whoever believed it then would decide about a model that is replaced.
        """
        with _reported(self.uri):
            counted = self._promotions()
        if not counted:
            return last_number(counted), self.production()
        return last_number(counted), self.version(versions_in_order(counted)[-1])

    def take_over(self, number: int, *, after: int, by: str) -> bool:
        """Put a version into production unless another came there since the promotion `after`; whether it came there.

        `by` names the run that decided so; asking again with the same words changes nothing.
        """
        with _reported(self.uri):
            done = self._add(Promotion(0, after, number, by))
            if done:
                self._point()
        return done

    def promote(self, number: int) -> ModelVersion:
        """Put a version into production, whatever is there."""
        self.version(number)
        by = uuid4().hex
        while self.history()[-1:] != [number] and not self.take_over(number, after=self.last_promotion(), by=by):
            pass  # somebody else was faster, and this call says what it wants again
        with _reported(self.uri):
            self._point()
        return self.version(number)

    def stage(self, number: int) -> None:
        """Name a version `staging`: complete, but not promoted. A newer one that has the name keeps it."""
        with _reported(self.uri):
            newest = max([each for each, aliases in self._aliases().items() if STAGING in aliases], default=0)
            self._client.set_registered_model_alias(MODEL, STAGING, str(max(newest, number)))

    def _promotions(self) -> list[Promotion]:
        """The promotions that count."""
        return in_force(_promotion(each) for each in self._all_of(PRODUCTION_LOG) if "after" in each.tags)

    def _add(self, entry: Promotion) -> bool:
        """Add an entry to the log unless its author did already; whether it counts."""
        if self._counts(entry):
            return True
        if last_number(self._promotions()) != entry.after:
            return False
        self._ensure_model(PRODUCTION_LOG)
        said = {"after": entry.after, "version": entry.version, "by": entry.by, "undoes": int(entry.undoes)}
        tags = {name: str(value) for name, value in said.items()}
        self._client.create_model_version(PRODUCTION_LOG, f"models:/{MODEL}/{entry.version}", tags=tags)
        return self._counts(entry)

    def _counts(self, entry: Promotion) -> bool:
        return any((each.by, each.after) == (entry.by, entry.after) for each in self._promotions())

    def _point(self) -> None:
        """Let the alias name what the log says, also when that changes meanwhile."""
        while True:
            counted = self._promotions()
            self._client.set_registered_model_alias(MODEL, PRODUCTION, str(versions_in_order(counted)[-1]))
            if self._promotions() == counted:
                return

    def decide(self, decision: PromotionDecision) -> None:
        """Keep the decision about a version with the version."""
        with _reported(self.uri):
            self._client.set_model_version_tag(MODEL, str(decision.model_version), "decision", decision.to_json())

    def describe(self, version: ModelVersion, card: str) -> None:
        """Keep the model card with the version, as the description people see in MLflow."""
        with _reported(self.uri):
            self._client.update_model_version(MODEL, str(version.version), card)

    def history(self) -> list[int]:
        """Versions in the order in which they came into production."""
        with _reported(self.uri):
            return versions_in_order(self._promotions())

    def rollback(self) -> ModelVersion:
        """Put the version back that was in production before. Raises `ModelNotFound` when there is none."""
        by = uuid4().hex
        done = False
        while not done:
            with _reported(self.uri):
                counted = self._promotions()
                order = versions_in_order(counted)
                if len(order) < 2:
                    raise ModelNotFound("No earlier production version is known, so there is nothing to roll back to.")
                done = self._add(Promotion(0, last_number(counted), order[-2], by, undoes=True))
        with _reported(self.uri):
            self._point()
        return self.version(order[-2])

    def download(self, number: int, folder: Path) -> Path:
        """Fetch a version's bundle below `folder`; the folder that holds it. Its bytes are checked by `load_bundle`.

        Raises `BundleRejected` when the file that tells MLflow how to load it is not the one that was registered.
        """
        from mlflow.artifacts import download_artifacts

        with _reported(self.uri):
            source = self._client.get_model_version_download_uri(MODEL, str(number))
            fetched = Path(download_artifacts(source, dst_path=str(folder), tracking_uri=self.uri))
            registered = self._client.get_model_version(MODEL, str(number)).tags.get(DESCRIBED_TAG)
        if registered and _sha256(fetched / "MLmodel") != registered:
            raise BundleRejected(
                f"The file MLmodel of version {number} was changed since it was registered, so nothing of it is used. "
                "Find out who wrote to the registry's artifacts; `wafer models rollback` puts the version before back."
            )
        (found,) = (fetched / "data").iterdir()
        return found


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _promotion(raw: "MlflowVersion") -> Promotion:
    tags = raw.tags
    return Promotion(
        int(raw.version), int(tags["after"]), int(tags["version"]), tags["by"], undoes=bool(int(tags["undoes"]))
    )
