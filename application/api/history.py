"""What is asked of the predictions of the past. Imports pyarrow and numpy, so the service loads it when first asked."""

from dataclasses import dataclass

from application.api.drift import DriftBook
from application.api.known import Known
from application.api.lines import Lines
from application.api.lots import LotBook
from application.api.predictions import Predictions
from application.api.sensors import SensorBook
from application.api.sources import Sources
from application.runs.service import Runs
from wafer.store import Store


@dataclass(frozen=True, slots=True)
class History:
    """Lots, sensors and drift over all runs; what they read of outcomes they share."""

    lots: LotBook
    sensors: SensorBook
    drift: DriftBook

    @classmethod
    def of(cls, store: Store, runs: Runs, sources: Sources, predictions: Predictions, lines: Lines) -> "History":
        """Over these parts."""
        known = Known(store)
        sensors = SensorBook(store, runs, predictions, lines, known)
        return cls(LotBook(store, runs, known), sensors, DriftBook(store, runs, sources, lines))
