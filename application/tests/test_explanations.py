"""Any wafer of a prediction can be explained, and what cannot be says why."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from application.api.explanations import Explanations
from application.api.lines import Lines
from application.api.predictions import Predictions
from application.errors import WaferAmbiguous
from application.runs.run import Run
from application.tests.fakes import FakeRegistry
from application.tests.serving import Service
from wafer.errors import ModelNotFound, ObjectNotFound, WaferError
from wafer.store import open_store, publish

RUN = Run("predict-1", "predict", "folder", {}, "")


def test_published_reasons_are_the_answer(service: Service, predicted: str) -> None:
    with service.client("viewer") as client:
        answer = client.get(f"/runs/{predicted}/wafers/W-1/explanation", params={"file": "good.csv"})
        listed = client.get(f"/runs/{predicted}/predictions").json()["predictions"][0]

    assert answer.json() == {"run_id": predicted, "model_version": 2, "prediction": listed}
    assert service.registry.downloads == 0


@pytest.mark.parametrize(
    ("address", "code", "says"),
    [
        ("{run}/wafers/W-11/explanation", "OBJECT_NOT_FOUND", "W-1"),
        ("{run}/wafers/a%2Fb%20c/explanation", "OBJECT_NOT_FOUND", "'a/b c'"),
        ("{run}/wafers/W-1/explanation?file=other.csv", "OBJECT_NOT_FOUND", "good.csv"),
        ("{run}/wafers/W-3/explanation", "OBJECT_NOT_FOUND", "Predict its batch again"),
        ("predict-0/wafers/W-1/explanation", "RUN_NOT_FOUND", "predict-0"),
    ],
    ids=["wafer", "slash", "file", "before", "run"],
)
def test_what_is_unknown_is_named_with_what_to_do(
    service: Service, predicted: str, address: str, code: str, says: str
) -> None:
    with service.client("viewer") as client:
        answer = client.get(f"/runs/{address.format(run=predicted)}")

    assert (answer.status_code, answer.json()["code"]) == (404, code)
    assert says in answer.json()["detail"]


def test_a_training_has_no_wafer_to_explain(service: Service) -> None:
    with service.client() as client:
        run_id = client.post("/train", json={"source": service.batches()}).json()["run_id"]
        answer = client.get(f"/runs/{run_id}/wafers/W-1/explanation")

    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_PUBLISHED")


def explanations(home: Path, *rows: tuple[str, str, str]) -> Explanations:
    """Over a run that published these wafers (name, file, version) and no reasons."""
    store = open_store(str(home / "store"))
    same = {"rank": 1, "verdict": "pass", "probability": 0.1, "threshold": 0.3, "cluster": 0, "top_sensors": []}
    same |= {"distance_percentile": 5.0, "note": "", "in_training": False, "run_id": RUN.run_id}
    named = [{"wafer": wafer, "file": file, "model_version": version, **same} for wafer, file, version in rows]
    files: dict[str, bytes | Path] = {
        "predictions.parquet": _parquet(pa.Table.from_pylist(named)),
        "documents.parquet": _parquet(pa.table({"_id": [f"id-{number}" for number in range(len(rows))]})),
    }
    publish(store, f"predictions/{RUN.run_id}", files, run_id=RUN.run_id)
    registry = FakeRegistry()
    return Explanations(store, Predictions(store), Lines(store, lambda _: registry), str(home / "documents.sqlite"))


def _parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        (("W-1", ""), WaferAmbiguous, "from a.csv and b.csv"),
        (("W-1", "b.csv"), ObjectNotFound, "document id-1"),
        (("W-2", ""), ModelNotFound, "version 9, which the registry does not hold any more"),
    ],
    ids=["ambiguous", "document", "model"],
)
def test_what_is_missing_is_told(tmp_path: Path, asked: tuple[str, str], error: type[WaferError], says: str) -> None:
    over = explanations(tmp_path, ("W-1", "a.csv", "2"), ("W-1", "b.csv", "2"), ("W-2", "a.csv", "9"))

    with pytest.raises(error, match=says):
        over.of(RUN, *asked)
