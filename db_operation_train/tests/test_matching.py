"""What wafers turned out to be: matched to their predictions by wafer and readings, kept once, nothing lost."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from db_operation_train.matching import Matched, match_outcomes
from db_operation_train.outcome_files import publish_outcomes, write_outcomes
from raw_data_validation_train.stage import validate_source
from tests.documents import document_rows
from tests.faults.line import SCHEMA, SENSORS
from wafer.contract import ContractFiles, Contracts, NamedContract, load_contract
from wafer.contract.manifest import read_manifest
from wafer.documents import Document, Documents, open_documents
from wafer.errors import WaferError
from wafer.outcomes.dispositions import Disposition, Forecast, Word, dispose
from wafer.outcomes.matched import all_matched, known_predictions
from wafer.outcomes.predicted import predictions_of
from wafer.runs import TaskRecord
from wafer.store import Store, layout, open_store, publish, read_marker

FILE = "wafer_05022021_101500.csv"
READ = {"A": 1.25, "B": 2.5, "C": -3.0}


@pytest.fixture(params=["sqlite", pytest.param("mongodb", marks=pytest.mark.server)])
def documents(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Documents]:
    sqlite = request.param == "sqlite"
    uri = str(tmp_path / "documents.sqlite") if sqlite else str(request.getfixturevalue("mongodb_database"))
    with open_documents(uri) as opened:
        yield opened


@dataclass
class Line:
    """A store with predictions, a database with their readings, and files of outcomes."""

    folder: Path
    store: Store
    documents: Documents

    def predict(
        self,
        run: str,
        readings: Mapping[str, float],
        *,
        version: int = 1,
        lost: str = "",
        shadow: int = 0,
        contract: str = "",
    ) -> None:
        """Publish predictions of wafers that read the same at every sensor; `lost` is in the database no more."""
        kept: list[Document] = [
            {
                "_id": f"{run}-{wafer}",
                "wafer": wafer,
                "file": FILE,
                "sha256": "0" * 64,
                "kind": "prediction",
                "readings": dict.fromkeys(SENSORS, value),
            }
            for wafer, value in readings.items()
        ]
        self.documents.insert("prediction", document_rows(each for each in kept if each["wafer"] != lost))
        count = len(kept)
        columns: dict[str, Any] = {
            "rank": range(1, count + 1),
            "wafer": list(readings),
            "verdict": ["fail"] * count,
            "probability": np.linspace(0.9, 0.1, count),
            "threshold": [0.5] * count,
            "in_training": [False] * count,
            "file": [FILE] * count,
            "model_version": [str(version)] * count,
        }
        predictions, ids = self.folder / f"{run}.parquet", self.folder / f"{run}.ids.parquet"
        told = pa.table({name: pa.array(values) for name, values in columns.items()})
        told = told.replace_schema_metadata({layout.CONTRACT: contract}) if contract else told
        parquet.write_table(told, predictions)
        parquet.write_table(pa.table({"_id": [each["_id"] for each in kept]}), ids)
        files: dict[str, Path | bytes] = {layout.PREDICTIONS: predictions, layout.DOCUMENTS: ids}
        if shadow:
            files[layout.SHADOW] = self.folder / f"{run}.shadow.parquet"
            backwards = columns | {"_id": [each["_id"] for each in kept], "model_version": [str(shadow)] * count}
            backwards = {name: pa.array(list(values)[::-1]) for name, values in backwards.items() if name != "rank"}
            parquet.write_table(pa.table(backwards), files[layout.SHADOW])
        publish(self.store, layout.published("predict", run), files, run_id=run)
        record = TaskRecord("predict", "succeeded", 1.7e9, 10.0, {"false_alarm_budget": 0.2})
        self.store.put(layout.stage_record(run, "predict"), record.to_json().encode())

    def send(
        self, run: str, *lines: str, alone: bool = False, file: str = FILE, named: NamedContract | None = None
    ) -> Matched:
        """Take in a file of outcomes, one `wafer,reading,label` a line; `alone` leaves the readings out."""
        work = self.folder / run
        (work / "drop").mkdir(parents=True)
        header = ["Wafer", *([] if alone else SENSORS), "Output"]
        rows = (line.split(",") for line in lines)
        texts = (",".join([wafer, *([] if alone else [read] * len(SENSORS)), label]) for wafer, read, label in rows)
        (work / "drop" / file).write_text("\n".join([",".join(header), *texts]) + "\n")
        return self.take_in(run, named)

    def take_in(self, run: str, named: NamedContract | None = None) -> Matched:
        """Validate, match and publish, as the run's tasks do."""
        work, contract = self.folder / run, named.load("outcomes") if named else load_contract("outcomes", SCHEMA)
        validate_source(
            str(work / "drop"),
            contract,
            accepted=work / "accepted",
            manifest=work / "manifest.json",
            report=work / "validation.html",
            store=self.store,
            run_id=run,
        )
        found = match_outcomes(work / "accepted", contract, self.documents, self.store, run_id=run)
        publish_outcomes(
            found,
            self.store,
            run,
            manifest=work / "manifest.json",
            validation_report=work / "validation.html",
            report=work / "report.html",
        )
        return found

    def dispose(self, wafer: str, word: Word) -> None:
        """A person decides about a wafer of the first run."""
        contract = load_contract("outcomes", SCHEMA)
        rows = predictions_of([wafer], self.store, self.documents, contract, ["predict-1"])
        dispose(self.store, Disposition("predict-1", wafer, FILE, word, "", "anna", "", Forecast.of(rows)))

    def known(self) -> dict[str, bool]:
        """Whether each wafer with an outcome failed, as whoever reads the store sees it."""
        rows = known_predictions(self.store).every
        return dict(zip(rows["wafer"].to_pylist(), rows["failed"].to_pylist(), strict=True))


@pytest.fixture
def line(tmp_path: Path, documents: Documents) -> Line:
    made = Line(tmp_path, open_store(str(tmp_path / "store")), documents)
    made.predict("predict-1", READ)
    return made


def _to_predict(schema: str) -> str:
    """The schema without the outcome, its last column."""
    content = json.loads(schema)
    content["ColName"].popitem()
    return json.dumps(content | {"NumberofColumns": content["NumberofColumns"] - 1})


def codes(found: Matched) -> list[str]:
    return [row.code for row in found.rows]


def test_outcomes_are_matched_by_wafer_and_readings(line: Line) -> None:
    found = line.send("outcomes-1", "A,1.25,1", "B,2.50,-1", "B2,2.5,1", "C,-3.1,1")

    assert codes(found) == ["", "", "NOT_PREDICTED", "OTHER_READINGS"]
    assert line.known() == {"A": True, "B": False}
    (first, _) = all_matched(line.store).to_pylist()
    assert (first["prediction"], first["document"]) == ("predict-1", "predict-1-A")
    assert (first["model_version"], first["probability"], first["budget"]) == (1, 0.9, 0.2)
    assert first["moment"].isoformat() == "2021-02-05T10:15:00+00:00"


def test_no_row_gets_lost(line: Line) -> None:
    found = line.send("outcomes-1", "A,1.25,1", "B,x,-1", "D,2,1", "D,2,1")

    manifest = read_manifest(line.folder / "outcomes-1" / "manifest.json")
    counts = found.counts()
    assert manifest.totals.rows_in == 4
    assert (counts["matched"], counts["unmatched"], manifest.totals.rows_quarantined) == (1, 1, 2)
    with pytest.raises(WaferError, match="Rows got lost"):
        write_outcomes(Matched(found.rows[1:], found.predictions), manifest, line.folder / "elsewhere")


def test_a_file_without_readings_is_matched_where_the_wafer_was_read_once(line: Line) -> None:
    line.predict("predict-2", {"B": 2.5, "C": -4.0})

    found = line.send("outcomes-1", "A,,1", "B,,1", "C,,1", "D,,-1", alone=True)

    assert codes(found) == ["", "", "SEVERAL_READINGS", "NOT_PREDICTED"]
    assert [row.predictions for row in found.rows] == [1, 2, 0, 0]
    assert line.known() == {"A": True, "B": True}


def test_the_same_file_again_changes_nothing(line: Line) -> None:
    first = line.send("outcomes-1", "A,1.25,1", "B,2.5,-1")
    before = all_matched(line.store)

    again = line.send("outcomes-2", "A,1.25,1", "B,2.5,-1")

    assert [row.state for row in first.rows] == ["new", "new"]
    assert [row.state for row in again.rows] == ["known", "known"]
    assert all_matched(line.store).equals(before)


def test_a_retried_task_publishes_the_same_again(line: Line) -> None:
    first = line.send("outcomes-1", "A,1.25,1", "D,1,1")
    (line.folder / "outcomes-1" / "manifest.json").unlink()

    again = line.take_in("outcomes-1")

    assert [(row.state, row.code, row.predictions) for row in again.rows] == [
        (row.state, row.code, row.predictions) for row in first.rows
    ]
    assert again.predictions.equals(first.predictions)


def test_the_later_outcome_replaces_the_earlier_and_says_so(line: Line) -> None:
    line.send("outcomes-1", "A,1.25,1", "B,2.5,-1")

    found = line.send("outcomes-2", "A,1.25,-1", "B,2.5,-1")

    assert [row.state for row in found.rows] == ["changed", "known"]
    assert "It was fail by" in found.rows[0].message
    assert "outcomes-1" in found.rows[0].message
    assert line.known() == {"A": False, "B": False}


def test_an_old_file_sent_again_does_not_undo_a_correction(line: Line) -> None:
    line.send("outcomes-1", "A,1.25,1")
    line.send("outcomes-2", "A,,-1", alone=True)

    again = line.send("outcomes-3", "A,1.25,1")

    assert [row.state for row in again.rows] == ["known"]
    assert line.known() == {"A": False}


def test_a_prediction_made_after_the_outcome_is_found_when_it_is_sent_again(line: Line) -> None:
    line.send("outcomes-1", "A,1.25,1")
    line.predict("predict-2", READ, version=2)

    again = line.send("outcomes-2", "A,1.25,1")

    assert again.counts()["predictions"] == 2
    assert [row["model_version"] for row in all_matched(line.store).to_pylist()] == [1, 2]


def test_a_candidate_s_word_is_kept_beside_that_of_production_and_counts_for_no_row(line: Line) -> None:
    line.predict("predict-2", {"E": 5.0, "F": 6.0}, version=1, shadow=2)

    found = line.send("outcomes-1", "E,5,1", "A,1.25,-1")

    assert [row.predictions for row in found.rows] == [1, 1]
    assert found.counts()["predictions"] == 2
    rows = [row for row in all_matched(line.store).to_pylist() if row["wafer"] == "E"]
    assert [(row["model_version"], row["shadow"], row["budget"]) for row in rows] == [(1, False, 0.2), (2, True, None)]
    assert {row["document"] for row in rows} == {"predict-2-E"}


def test_readings_that_the_database_lost_match_nothing_but_the_name(line: Line) -> None:
    line.predict("predict-2", {"E": 7.0}, lost="E")

    assert codes(line.send("outcomes-1", "E,7,1")) == ["OTHER_READINGS"]
    assert codes(line.send("outcomes-2", "E,,1", alone=True)) == [""]
    assert line.known() == {"E": True}


def test_what_is_published_can_be_read_by_a_person(line: Line) -> None:
    line.send("outcomes-1", "A,1.25,1", "D,1,1")
    line.send("outcomes-2", "A,1.25,-1")

    marker = read_marker(line.store, layout.published("outcomes", "outcomes-2"))
    text = line.store.get(f"{layout.published('outcomes', 'outcomes-2')}/{layout.OUTCOMES_CSV}").decode()
    page = line.store.get(f"{layout.published('outcomes', 'outcomes-1')}/{layout.REPORT}").decode()
    assert set(marker.files) == {
        layout.OUTCOMES,
        layout.OUTCOMES_CSV,
        layout.MATCHED,
        layout.MANIFEST,
        layout.VALIDATION_REPORT,
        layout.REPORT,
    }
    assert text.splitlines()[1].startswith(f'{FILE},A,pass,changed,1,,"It was fail')
    assert "No run has predicted this wafer" in page


def test_a_file_after_a_disposition_replaces_it_and_says_so(line: Line) -> None:
    line.dispose("A", "scrapped")
    line.dispose("B", "false-alarm")
    before = line.known()

    found = line.send("outcomes-1", "A,1.25,-1")

    assert before == {"A": True, "B": False}
    assert [row.state for row in found.rows] == ["changed"]
    assert "It was fail by the disposition of anna of run predict-1" in found.rows[0].message
    assert line.known() == {"A": False, "B": False}


def test_a_file_sent_again_does_not_bring_a_withdrawn_disposition_back(line: Line) -> None:
    line.send("outcomes-1", "A,1.25,-1")
    line.dispose("A", "scrapped")
    line.send("outcomes-2", "A,1.25,-1")
    between = line.known()

    line.dispose("A", "withdrawn")

    assert (between, line.known()) == ({"A": True}, {"A": False})


def test_outcomes_of_a_line_say_nothing_about_wafers_of_the_same_name_on_another(line: Line) -> None:
    named = Contracts(line.store).add("line-b", ContractFiles.of(SCHEMA, _to_predict(SCHEMA)))
    line.predict("predict-b", READ, contract="line-b")

    ours = line.send("outcomes-1", *(f"{wafer},0,-1" for wafer in READ), alone=True)
    theirs = line.send("outcomes-2", *(f"{wafer},0,1" for wafer in READ), alone=True, named=named)

    assert {row.state for row in (*ours.rows, *theirs.rows)} == {"new"}
    assert line.known() == dict.fromkeys(READ, False)
    rows = all_matched(line.store, "line-b")
    assert (set(rows["prediction"].to_pylist()), all(rows["failed"].to_pylist())) == ({"predict-b"}, True)
