"""The ends of the prediction DAG that touch the registry and the store."""

import shutil
from pathlib import Path

from wafer.model.assembly import verify_bundle
from wafer.registry import Registry
from wafer.store import Store, files_below, layout, publish


def fetch_production(registry: Registry, folder: Path) -> int:
    """Copy the production bundle into `folder`, verified against the registry's digest; its version.

    Raises `NoProductionModel`, `BundleRejected` (bytes differ from what was registered) and `RegistryUnavailable`.
    """
    chosen = registry.require_production()
    fetched = registry.download(chosen.version, folder.with_name(f"{folder.name}.download"))
    verify_bundle(fetched, expected_digest=chosen.digest)
    shutil.copytree(fetched, folder, dirs_exist_ok=True)
    return chosen.version


def publish_predictions(
    store: Store, run_id: str, *, manifest: Path, validation_report: Path, input_file: Path, predictions: Path
) -> str:
    """Publish a run's predictions; the folder's URI."""
    files: dict[str, Path | bytes] = {
        **files_below(predictions),
        layout.MANIFEST: manifest,
        layout.VALIDATION_REPORT: validation_report,
        layout.INPUT_FILE: input_file,
    }
    return publish(store, layout.published("predict", run_id), files, run_id=run_id)
