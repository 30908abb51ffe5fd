"""Versions of a registered model: one version is one bundle.

A bundle that is already registered (same digest) keeps its version. The alias `production` names the version that
predicts, `staging` the newest challenger that was not promoted.
"""

import json
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from mlflow.artifacts import download_artifacts
from mlflow.entities import LoggedModel, LoggedModelOutput
from mlflow.entities.model_registry import ModelVersion as MlflowVersion
from mlflow.models import Model

from wafer.errors import BundleRejected, ModelNotFound
from wafer.evaluation.decision import PromotionDecision
from wafer.files import sha256_of
from wafer.paths import local_path
from wafer.registry.client import RegistryClient, already, without_password
from wafer.registry.protocol import PRODUCTION, STAGING, Declined, HowToAsk, ModelVersion, no_production

BUNDLE_FOLDER = "bundle"
DESCRIPTION_FILE, DESCRIPTION_TAG = "MLmodel", "mlmodel_sha256"
DECLINED_TAG = "declined"


class Versions(RegistryClient):
    """Bundles as versions of MLflow's registered model."""

    def register(
        self, bundle: Path, digest: str, parent_run: str, run_id: str, asked: HowToAsk | None = None
    ) -> ModelVersion:
        """Register a bundle folder as a version; the version that already holds this digest is returned instead."""
        known = [version for version in self.versions() if version.digest == digest]
        if known:
            return known[0]
        with self._reported():
            logged, described = self._log_model(bundle, parent_run, asked)
            self._ensure_model(self.model, "Predicts which wafers are faulty.")
            self._client.create_model_version(
                self.model,
                logged.artifact_location,  # `models:/<id>` is looked up on the tracking server of the whole process
                run_id=parent_run,
                model_id=logged.model_id,  # a server refuses the source without it
                tags={"digest": digest, "wafer_run_id": run_id, DESCRIPTION_TAG: described},
            )
        return next(version for version in self.versions() if version.digest == digest)

    def _log_model(self, bundle: Path, parent_run: str, asked: HowToAsk | None) -> tuple[LoggedModel, str]:
        """Log a bundle as a model of MLflow; the model, and the digest of the file MLmodel that says how to load it.

        The steps of `mlflow.pyfunc.log_model`, which knows only the one tracking server of the whole process.
        """
        from wafer.registry.outside import save  # imports pandas, which the image of the prediction does not hold

        logged = self._client.create_logged_model(self._experiment(), BUNDLE_FOLDER, parent_run)
        self._client.log_outputs(parent_run, [LoggedModelOutput(logged.model_id, step=0)])
        with tempfile.TemporaryDirectory(prefix="registered-") as scratch:
            folder = Path(scratch) / "model"
            model = Model(logged.artifact_location, parent_run, model_uuid=logged.model_id, model_id=logged.model_id)
            save(folder, bundle, model, asked)
            described = _description(folder)
            self._client.log_model_artifacts(logged.model_id, str(folder))
        return self._client.finalize_logged_model(logged.model_id, "READY"), described

    def versions(self) -> list[ModelVersion]:
        """Every complete version, oldest first.

        Of several with one digest (made at the same moment, or by a call whose answer was lost) the first stands for
        all, unless one of them is in production.
        """
        with self._reported():
            aliases = self._aliases()
            complete = [_version(each, aliases) for each in self._all_of(self.model) if "digest" in each.tags]
        of_digest: dict[str, ModelVersion] = {}
        for each in sorted(complete, key=lambda each: (PRODUCTION not in each.aliases, each.version)):
            of_digest.setdefault(each.digest, each)
        return sorted(of_digest.values(), key=lambda each: each.version)

    def version(self, number: int) -> ModelVersion:
        """One version. Raises `ModelNotFound`."""
        found = next((each for each in self.versions() if each.version == number), None)
        if found is None:
            raise ModelNotFound(f"There is no version {number} of {self.model}; `wafer models` lists the versions.")
        return found

    def production(self) -> ModelVersion | None:
        """The version that predicts, if one was ever promoted."""
        return next((each for each in self.versions() if PRODUCTION in each.aliases), None)

    def require_production(self) -> ModelVersion:
        """The version that predicts. Raises `NoProductionModel`."""
        if found := self.production():
            return found
        raise no_production(self.model)

    def stage(self, number: int) -> None:
        """Name a version `staging`: complete, but not promoted. A newer one that has the name keeps it."""
        with self._reported():
            newest = max([each for each, aliases in self._aliases().items() if STAGING in aliases], default=0)
            self._client.set_registered_model_alias(self.model, STAGING, str(max(newest, number)))

    def decide(self, decision: PromotionDecision) -> None:
        """Keep the decision about a version with the version."""
        with self._reported():
            self._client.set_model_version_tag(self.model, str(decision.model_version), "decision", decision.to_json())

    def describe(self, version: ModelVersion, card: str) -> None:
        """Keep the model card with the version, as the description people see in MLflow."""
        with self._reported():
            self._client.update_model_version(self.model, str(version.version), card)

    def download(self, number: int, folder: Path) -> Path:
        """Fetch a version's bundle below `folder`; the folder that holds it. Its bytes are checked by `load_bundle`.

        Raises `BundleRejected` when the file that tells MLflow how to load it is not the one that was registered.
        """
        with self._reported():
            registered = self._client.get_model_version(self.model, str(number)).tags.get(DESCRIPTION_TAG)
            source = self._client.get_model_version_download_uri(self.model, str(number))
            if (lies := local_path(source)) and not lies.is_dir():
                raise _incomplete(number, source)
            fetched = Path(download_artifacts(source, dst_path=str(folder), tracking_uri=self.uri))
        found = sorted((fetched / "data").iterdir()) if (fetched / "data").is_dir() else []
        described = _description(fetched)
        if not found or (registered and not described):
            raise _incomplete(number, source)
        if registered and described != registered:
            raise BundleRejected(
                f"The file MLmodel of version {number} was changed since it was registered, so it is not used. "
                "Find out who wrote to the registry's artifacts; `wafer models rollback` restores the version before."
            )
        return found[0]

    def fetch(self, number: int, name: str, folder: Path) -> Path:
        """Fetch a file of the training that made a version below `folder`; its path."""
        folder.mkdir(parents=True, exist_ok=True)
        with self._reported():
            run = str(self._client.get_model_version(self.model, str(number)).run_id)
            return Path(self._client.download_artifacts(run, name, str(folder)))

    def _aliases(self) -> dict[int, list[str]]:
        """The aliases of every version that has one."""
        found: dict[int, list[str]] = {}
        with already("RESOURCE_DOES_NOT_EXIST"):
            for alias, version in self._client.get_registered_model(self.model).aliases.items():
                found.setdefault(int(version), []).append(alias)
        return found


def _version(raw: MlflowVersion, aliases: Mapping[int, list[str]]) -> ModelVersion:
    created = datetime.fromtimestamp(raw.creation_timestamp / 1000, UTC).isoformat(timespec="seconds")
    version = int(raw.version)
    named = tuple(sorted(aliases.get(version, [])))
    decision = PromotionDecision.from_json(raw.tags["decision"]) if "decision" in raw.tags else None
    declined = Declined(**json.loads(raw.tags[DECLINED_TAG])) if DECLINED_TAG in raw.tags else None
    return ModelVersion(
        version, raw.tags["digest"], raw.tags.get("wafer_run_id", ""), created, named, decision, declined
    )


def _incomplete(number: int, source: str) -> BundleRejected:
    return BundleRejected(
        f"Files of version {number} are missing at {without_password(source)}. Restore the registry's artifacts from "
        "their backup, or put another version into production (`wafer models promote VERSION`)."
    )


def _description(folder: Path) -> str:
    """Sha256 of the file that tells MLflow how to load the model; empty without one."""
    path = folder / DESCRIPTION_FILE
    return sha256_of(path) if path.is_file() else ""
