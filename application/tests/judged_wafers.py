"""A prediction run with readings in the documents, whose wafers a person can decide about."""

import io
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from application.tests.leavings import REPORT, SENSORS, write_record
from application.tests.serving import Service
from tests.documents import document_rows
from wafer.documents import Document, open_documents
from wafer.store import publish

FILE = "wafer_04032026_101500.csv"
PROBABILITIES = (0.9, 0.8, 0.55, 0.35, 0.2, 0.1)  # of W-1, W-2, …; flagged from 0.5


def predict_wafers(service: Service, probabilities: Sequence[float] = PROBABILITIES, *, older: bool = False) -> str:
    """Predict `W-1`, `W-2`, … of one file; the id of the run. The same wafers again have the same readings.

    An `older` run does not tell by which readings it judged.
    """
    with service.client() as client:
        started = client.post("/predict", json={"source": service.batches("raw/predict/lot-1")}).json()
    run_id = str(started["run_id"])
    rows = [_row(run_id, place, probability) for place, probability in enumerate(probabilities, start=1)]
    _keep_readings(service, rows)
    lines = "".join(f"{each['rank']},{each['wafer']},{each['file']},{each['verdict']}\n" for each in rows)
    files = {
        "manifest.json": b'{"files": [], "rows": []}',
        "report.html": REPORT,
        "predictions.csv": f"rank,wafer,file,verdict\n{lines}".encode(),
        "predictions.parquet": _parquet(pa.Table.from_pylist(rows)),
    }
    if not older:
        files["documents.parquet"] = _parquet(pa.table({"_id": [f"read-{each['wafer']}" for each in rows]}))
    publish(service.store, f"predictions/{run_id}", files, run_id=run_id)
    write_record(service.store, run_id, "validate")
    write_record(service.store, run_id, "predict", counts={"false_alarm_budget": 0.1}, started=1.77e9)
    service.backend.end(run_id)
    service.parts.runs.tick()
    return run_id


def _row(run_id: str, place: int, probability: float) -> dict[str, Any]:
    reason = {"sensor": SENSORS[0], "value": 0.97, "usual_low": 0.05, "usual_high": 0.95, "contribution": 0.5}
    return {
        "rank": place,
        "wafer": f"W-{place}",
        "verdict": "fail" if probability >= 0.5 else "pass",
        "probability": probability,
        "threshold": 0.5,
        "cluster": 0,
        "distance_percentile": 12.5,
        "top_sensors": [reason | {"contribution_share": 0.6}],
        "note": "",
        "in_training": False,
        "file": FILE,
        "model_version": "2",
        "run_id": run_id,
    }


def _keep_readings(service: Service, rows: Sequence[dict[str, Any]]) -> None:
    documents: list[Document] = [
        {
            "_id": f"read-{each['wafer']}",
            "wafer": each["wafer"],
            "file": each["file"],
            "sha256": "0" * 64,
            "kind": "prediction",
            "readings": {"Sensor - 1": each["probability"], "Sensor - 2": 1.0},
        }
        for each in rows
    ]
    with open_documents(service.parts.documents_uri) as opened:
        opened.insert("prediction", document_rows(documents))


def _parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()
