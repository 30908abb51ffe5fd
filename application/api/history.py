"""What is asked of the predictions of the past. Imports pyarrow and numpy, so the service loads it when first asked."""

from dataclasses import dataclass

from application.api.dispositions import Dispositions
from application.api.drift import DriftBook
from application.api.explanations import Explanations
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
    """Predictions of each run; lots, sensors and drift over all runs. What they read of outcomes they share."""

    predictions: Predictions
    explanations: Explanations
    dispositions: Dispositions
    lots: LotBook
    sensors: SensorBook
    drift: DriftBook
    known: Known

    @classmethod
    def of(cls, store: Store, runs: Runs, sources: Sources, lines: Lines, documents_uri: str) -> "History":
        """Over these parts."""
        known, predictions = Known(store), Predictions(store)
        return cls(
            predictions,
            Explanations(store, predictions, lines, documents_uri),
            Dispositions(store, predictions, documents_uri),
            LotBook(store, runs, known),
            SensorBook(store, runs, predictions, lines, known),
            DriftBook(store, runs, sources, lines),
            known,
        )
