"""How a version is asked outside of this project: the names of the line, a few wafers, and what the model says."""

from collections.abc import Mapping
from pathlib import Path

from wafer.model import ModelBundle
from wafer.pyfunc import WaferModel
from wafer.registry import HowToAsk
from wafer.wafers.export import ExportFile

EXAMPLES = 3  # wafers


def how_to_ask(model: ModelBundle, export: Path, spellings: Mapping[str, tuple[str, ...]]) -> HowToAsk:
    """Ask the model about the first wafers of the export, as a client of MLflow would."""
    with ExportFile(export) as file:
        wafer, sensors = file.columns.wafer, file.columns.sensors
        example = file.first(EXAMPLES, [wafer, *sensors]).to_pandas()
    answer = WaferModel(model, wafer, spellings).predict(example)
    return HowToAsk(wafer, sensors, spellings, example, answer)
