"""Labelled batches made of predictions and outcomes: every wafer once, with its own readings and the last word."""

from pathlib import Path

import pytest

from db_operation_train.tests.test_matching import FILE, Line, documents, line
from raw_data_validation_train.stage import validate_batches
from tests.faults.line import SCHEMA
from wafer.contract import load_contract
from wafer.documents import open_documents
from wafer.errors import ContractInvalid, ObjectNotFound, SourceEmpty
from wafer.outcomes.batches import LabelledBatches, labelled_batches
from wafer.store import list_batches

__all__ = ["documents", "line"]  # fixtures


def made_by(line: Line, *others: str, policy: str = "") -> LabelledBatches:
    return labelled_batches(line.store, line.documents, load_contract("training", SCHEMA, policy), others)


def lines_of(made: LabelledBatches) -> dict[str, list[str]]:
    """Lines below the header of every batch, each as wafer, one reading and outcome."""
    found = {}
    for batch in list_batches(made.uri):
        if batch.name.endswith(".csv"):
            rows = (row.split(",") for row in Path(batch.uri).read_text().splitlines()[1:])
            found[batch.name] = [",".join((row[0], row[1], row[-1])) for row in rows]
    return found


def test_every_wafer_with_an_outcome_is_there_once_with_its_readings(line: Line) -> None:
    line.predict("predict-2", {"A": 1.25, "D": 1 / 3}, version=2)
    line.send("outcomes-1", "A,1.25,1", "B,2.5,-1", f"D,{1 / 3!r},-1", "E,1,1")

    made = made_by(line)

    assert (made.wafers, made.files) == (3, 1)
    assert lines_of(made) == {FILE: ["A,1.25,1", "B,2.5,-1", f"D,{1 / 3!r},-1"]}


def test_what_was_made_passes_the_contract_of_a_training(line: Line, tmp_path: Path) -> None:
    line.send("outcomes-1", "A,1.25,1", "B,2.5,-1")

    found = validate_batches(
        list_batches(made_by(line).uri),
        load_contract("training", SCHEMA),
        accepted=tmp_path / "accepted",
        manifest=tmp_path / "manifest.json",
        quarantine=tmp_path / "quarantine",
        report=tmp_path / "report.html",
    )

    assert (found.counts()["rows_in"], found.counts()["rows_good"]) == (2, 2)


def test_a_corrected_outcome_is_there_as_corrected(line: Line) -> None:
    line.send("outcomes-1", "A,1.25,1", "B,2.5,-1")
    first = made_by(line)
    line.send("outcomes-2", "A,1.25,-1")

    second = made_by(line)

    assert second.uri != first.uri
    assert lines_of(second) == {FILE: ["A,1.25,-1", "B,2.5,-1"]}
    assert lines_of(first) == {FILE: ["A,1.25,1", "B,2.5,-1"]}


def test_what_people_decided_is_learned_from_and_rework_is_not(line: Line) -> None:
    line.send("outcomes-1", "C,-3.0,1")
    line.dispose("A", "scrapped")
    line.dispose("B", "false-alarm")
    line.dispose("C", "reworked")

    assert lines_of(made_by(line)) == {FILE: ["A,1.25,1", "B,2.5,-1"]}


def test_the_same_outcomes_are_written_once(line: Line) -> None:
    line.send("outcomes-1", "A,1.25,1")
    first = made_by(line)
    line.send("outcomes-2", "A,1.25,1")

    assert made_by(line) == first


def test_a_batch_called_like_another_of_the_training_gets_the_next_time_stamp(line: Line) -> None:
    line.send("outcomes-1", "A,1.25,1")

    made = made_by(line, FILE, "wafer_05022021_101501.csv")

    assert list(lines_of(made)) == ["wafer_05022021_101502.csv"]


def test_without_outcomes_there_is_nothing_to_learn_from(line: Line) -> None:
    with pytest.raises(SourceEmpty, match="wafer outcomes"):
        made_by(line)


def test_readings_that_the_database_lost_are_not_left_out_silently(line: Line) -> None:
    line.send("outcomes-1", "A,1.25,1")

    with (
        open_documents(str(line.folder / "other.sqlite")) as another,
        pytest.raises(ObjectNotFound, match="0 of the 1"),
    ):
        labelled_batches(line.store, another, load_contract("training", SCHEMA))


def test_a_policy_of_other_text_is_refused(line: Line) -> None:
    with pytest.raises(ContractInvalid, match="plain CSV"):
        made_by(line, policy='{"text": {"delimiter": ";"}}')
