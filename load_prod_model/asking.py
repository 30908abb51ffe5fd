"""What MLflow shows of a version: how it is asked outside of this project, and the wafers that it learned from."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from wafer.contract.manifest import Manifest
from wafer.evaluation.quality import Quality
from wafer.model import ModelBundle
from wafer.pyfunc import WaferModel
from wafer.registry import HowToAsk, LearnedFrom
from wafer.store import Store, layout
from wafer.wafers.export import ExportFile

EXAMPLES = 3  # wafers


def how_to_ask(model: ModelBundle, export: Path, spellings: Mapping[str, tuple[str, ...]]) -> HowToAsk:
    """Ask the model about the first wafers of the export, as a client of MLflow would."""
    with ExportFile(export) as file:
        wafer, sensors = file.columns.wafer, file.columns.sensors
        example = file.first(EXAMPLES, [wafer, *sensors]).to_pandas()
    answer = WaferModel(model, wafer, spellings).predict(example)
    return HowToAsk(wafer, sensors, spellings, example, answer)


def learned_from(manifest: Manifest, quality: Quality, export: Path, store: Store, run_id: str) -> LearnedFrom:
    """The wafers of a training, told apart by the files that they came in; the run publishes them as a table."""
    digest = hashlib.sha256("".join(sorted(file.sha256 for file in manifest.good)).encode()).hexdigest()
    address = f"{store.uri}/{layout.published('train', run_id)}/{layout.INPUT_FILE}"
    with ExportFile(export) as file:
        return LearnedFrom(digest, address, quality.wafers, quality.failures, file.columns.sensors)
