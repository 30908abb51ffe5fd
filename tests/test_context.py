"""What the line knows besides the readings stays with the wafer: in documents and predictions, and out of the model."""

import csv
import json
from pathlib import Path

import pytest
from pyarrow import parquet

from application.api.predictions import prediction_of
from application.lists.context import context_of
from pred_pipeline.stage import predict_wafers
from raw_data_validation_train.tests.drop import accepted_table, validate
from tests.faults.line import SCHEMA, SENSORS, make_line, write_drop
from tests.test_contract_draft import FEW_TREES, to_predict
from wafer.contract import load_contract
from wafer.documents import open_documents
from wafer.errors import ContractInvalid
from wafer.model import assemble_bundle

pytestmark = pytest.mark.slow  # two trainings and a prediction

POLICY = json.dumps({"columns": {"context": ["Lot", "cluster", "Tool"], "ignored": ["Good/Bad"]}})
PREDICTED = json.loads(SCHEMA) | {
    "NumberofColumns": len(SENSORS) + 1,
    "ColName": {"Wafer": "varchar", **dict.fromkeys(SENSORS, "float")},
}


def with_context(drop: Path) -> None:
    """A lot like a formula in every file, a column that predictions have too, a tool in the first file alone."""
    for number, path in enumerate(sorted(drop.glob("*.csv"))):
        header, *rows = path.read_text().splitlines()
        names, cells = (",Lot,cluster", f",=L{number},C7") if number else (",Lot,cluster,Tool", ",=L0,C7,ETCH-2")
        path.write_text("\n".join([header + names, *(row + cells for row in rows)]) + "\n")


def measured_again(drop: Path) -> None:
    """Give every wafer a digit more in its first reading: a report leaves those out that the model learned from."""
    for path in drop.glob("*.csv"):
        header, *rows = path.read_text().splitlines()
        cells = [row.split(",") for row in rows]
        again = [",".join([wafer, f"{first}1" if "." in first else first, *rest]) for wafer, first, *rest in cells]
        path.write_text("\n".join([header, *again]) + "\n")


@pytest.fixture(scope="module")
def predicted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A line that trained on wafers and predicted them measured again; one that trained on them without context."""
    folder = tmp_path_factory.mktemp("context")
    plain = write_drop(folder / "plain", files=2, rows=60)
    with_context(write_drop(folder / "drop", files=2, rows=60))
    lines = {
        "plain": make_line(folder / "a", plain, FEW_TREES),
        "drop": make_line(folder / "b", folder / "drop", FEW_TREES, load_contract("training", SCHEMA, POLICY)),
    }
    for name, line in lines.items():
        assemble_bundle(
            preprocessor_dir=line.parts.preprocessor,
            cluster_model_dir=line.parts.cluster_model,
            global_dir=line.parts.global_models,
            cluster_dirs=line.parts.clusters,
            out=folder / f"bundle-{name}",
            out_of_fold=folder / f"out-of-fold-{name}.parquet",
        )
    measured_again(folder / "drop")
    exported = to_predict(folder / "drop", load_contract("prediction", json.dumps(PREDICTED), POLICY), folder / "new")
    predict_wafers(exported, folder / "bundle-drop", folder / "out", model_version="1", run_id="run")
    return folder


def test_the_model_does_not_see_it(predicted: Path) -> None:
    files = {path.relative_to(predicted / "bundle-plain") for path in (predicted / "bundle-plain").rglob("*.ubj")}

    assert files
    for file in files:
        assert (predicted / "bundle-plain" / file).read_bytes() == (predicted / "bundle-drop" / file).read_bytes()


def test_predictions_have_it_in_columns_of_their_own(predicted: Path) -> None:
    table = parquet.read_table(predicted / "out" / "predictions.parquet")
    with (predicted / "out" / "predictions.csv").open(newline="") as file:
        rows = {row["wafer"]: row for row in csv.DictReader(file)}

    assert table.column_names[-3:] == ["Lot", "cluster (context)", "Tool"]
    by_wafer = {row["wafer"]: row for row in table.to_pylist()}
    assert (by_wafer["W-0-0-7"]["Lot"], by_wafer["W-0-0-7"]["Tool"]) == ("=L0", "ETCH-2")
    assert (by_wafer["W-0-1-7"]["Lot"], by_wafer["W-0-1-7"]["Tool"]) == ("=L1", "")
    assert rows["W-0-1-7"]["Lot"] == "'=L1"
    assert "Lot =L0, cluster C7, Tool ETCH-2" in (predicted / "out" / "report.html").read_text()


def test_the_interface_shows_it(predicted: Path) -> None:
    table = parquet.read_table(predicted / "out" / "predictions.parquet")
    row = next(row for row in table.to_pylist() if row["wafer"] == "W-0-0-7")

    shown = prediction_of(row, context_of(table))

    assert shown.context == {"Lot": "=L0", "cluster": "C7", "Tool": "ETCH-2"}
    assert isinstance(shown.cluster, int)


def test_documents_keep_it_and_give_it_back(predicted: Path) -> None:
    exported = parquet.read_table(predicted / "new" / "export" / "wafers.parquet")
    with open_documents(str(predicted / "new" / "documents.sqlite")) as documents:
        (document,) = documents.read("prediction", exported["_id"].to_pylist()[:1])

    assert document["context"] == [["Lot", "=L0"], ["cluster", "C7"], ["Tool", "ETCH-2"]]
    to_predict_again = to_predict(
        predicted / "drop", load_contract("prediction", json.dumps(PREDICTED), POLICY), predicted / "again"
    )
    assert parquet.read_table(to_predict_again / "wafers.parquet").equals(exported)


def test_a_bad_row_does_not_cost_the_others_their_context(predicted: Path, tmp_path: Path) -> None:
    manifest = validate(predicted / "drop", tmp_path, policy=POLICY, schema=SCHEMA)

    assert manifest["totals"]["rows_quarantined"] == 1  # so its block is read row by row
    tables = [accepted_table(path) for path in sorted((tmp_path / "accepted").iterdir())]
    assert [set(table["Tool"].to_pylist()) for table in tables] == [{"ETCH-2"}, {""}]


def test_a_reading_is_no_context() -> None:
    with pytest.raises(ContractInvalid, match=r"columns\.context names 'Sensor-1'"):
        load_contract("training", SCHEMA, '{"columns": {"context": ["Sensor-1"]}}')
