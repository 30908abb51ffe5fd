"""Why a wafer of a past prediction has its rank: its published reasons, or new ones from the model and its readings."""

import io
from dataclasses import asdict

import numpy as np
import pyarrow.parquet as pq

from application.api.breaker import Breaker
from application.api.files import published_bytes
from application.api.lines import Lines
from application.api.predictions import Predictions, place_of, prediction_of
from application.api.shapes.predictions import Explanation
from application.lists.context import context_of
from application.runs.run import Run
from wafer.documents import Document, open_documents
from wafer.errors import DocumentsUnavailable, ModelNotFound, ObjectNotFound
from wafer.model import Reason, Wafers, top_reasons
from wafer.outcomes.dispositions import dispositions_of, in_force
from wafer.registry import ModelVersion
from wafer.store import Store, layout


class Explanations:
    """Explains wafers of runs."""

    def __init__(
        self,
        store: Store,
        predictions: Predictions,
        lines: Lines,
        documents_uri: str,
    ) -> None:
        self._store = store
        self._predictions = predictions
        self._lines = lines
        self._documents_uri = documents_uri
        self._way = Breaker("the documents", DocumentsUnavailable)

    def of(self, run: Run, wafer: str, file: str = "") -> Explanation:
        """Explain a wafer; `file` tells apart those of one name.

        Raises `NotPublished`, `ObjectNotFound`, `WaferAmbiguous`, `ModelNotFound`, `DocumentsUnavailable`.
        """
        table = self._predictions.table(run)
        place = place_of(table, run, wafer, file)
        (row,) = table.slice(place, 1).to_pylist()
        version = int(row["model_version"])
        row["top_sensors"] = row["top_sensors"] or [asdict(each) for each in self._reasons(run, place, version)]
        shown = prediction_of(row, context_of(table), in_force(dispositions_of(self._store, run.run_id)))
        return Explanation(run_id=run.run_id, model_version=version, prediction=shown)

    def _reasons(self, run: Run, place: int, number: int) -> list[Reason]:
        version = self._version(run, number)
        document = self._document(run, place)
        bundle = self._lines.past(run.contract).loaded.of(version)
        sensors = bundle.preprocessor.contract
        readings = np.array([[document["readings"].get(sensor, np.nan) for sensor in sensors]], dtype=np.float64)
        return top_reasons(bundle, Wafers(("",), ("",), ("",), sensors, readings))[0]

    def _document(self, run: Run, place: int) -> Document:
        ids = pq.read_table(io.BytesIO(self._ids(run)))
        identity = ids["_id"][place].as_py()
        with self._way.call(), open_documents(self._documents_uri) as documents:
            for document in documents.read("prediction", [identity]):
                return document
        raise ObjectNotFound(
            f"The document database does not hold the readings of this wafer (document {identity}). "
            "Predict its batch again to explain it."
        )

    def _ids(self, run: Run) -> bytes:
        try:
            return published_bytes(self._store, run, layout.DOCUMENTS)
        except ObjectNotFound as exc:
            raise ObjectNotFound(
                f"Run {run.run_id} is older than explanations on request, and did not publish what they need. "
                "Predict its batches again."
            ) from exc

    def _version(self, run: Run, number: int) -> ModelVersion:
        try:
            return self._lines.past(run.contract).registry.version(number)
        except ModelNotFound as exc:
            raise ModelNotFound(
                f"Run {run.run_id} was predicted by version {number}, which the registry does not hold any more. "
                "Predict the batch again to explain its wafers."
            ) from exc
