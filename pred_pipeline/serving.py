"""The ends of the prediction DAG that touch the registry and the store."""

import json
import shutil
from pathlib import Path

import structlog

from wafer.errors import WaferError
from wafer.model.assembly import verify_bundle
from wafer.registry import ModelVersion, Registry
from wafer.store import Store, files_below, layout, publish
from wafer.wafers.arrays import EXPORT_FILE

BUNDLE, CANDIDATE = "bundle", "candidate.json"  # of the folder of a candidate; the file says which version it is


def fetch_production(registry: Registry, folder: Path) -> int:
    """Copy the production bundle into `folder`, verified against the registry's digest; its version.

    Raises `NoProductionModel`, `BundleRejected` (bytes differ from what was registered) and `RegistryUnavailable`.
    """
    chosen = registry.require_production()
    _fetch(registry, chosen, folder)
    return chosen.version


def fetch_candidate(registry: Registry, folder: Path) -> int:
    """Copy the bundle of the version that waits for a person into `folder`, if there is one; its version, else 0.

    A candidate that cannot be had never stops a prediction.
    """
    folder.mkdir(parents=True, exist_ok=True)
    version = 0
    try:
        if waiting := registry.candidate():
            _fetch(registry, waiting, folder / BUNDLE)
            version = waiting.version
    except WaferError as error:
        structlog.get_logger().warning("shadow.left_out", code=error.code, message=error.message)
    (folder / CANDIDATE).write_text(json.dumps({"version": version}), encoding="utf-8")
    return version


def _fetch(registry: Registry, chosen: ModelVersion, folder: Path) -> None:
    fetched = registry.download(chosen.version, folder.with_name(f"{folder.name}.download"))
    verify_bundle(fetched, expected_digest=chosen.digest)
    shutil.copytree(fetched, folder, dirs_exist_ok=True)


def publish_predictions(
    store: Store,
    run_id: str,
    *,
    manifest: Path,
    validation_report: Path,
    input_file: Path,
    export: Path,
    predictions: Path,
) -> str:
    """Publish a run's predictions, and the readings that they are about; the folder's URI."""
    files: dict[str, Path | bytes] = {
        **files_below(predictions),
        layout.MANIFEST: manifest,
        layout.VALIDATION_REPORT: validation_report,
        layout.INPUT_FILE: input_file,
        layout.READINGS: export / EXPORT_FILE,
    }
    return publish(store, layout.published("predict", run_id), files, run_id=run_id)
