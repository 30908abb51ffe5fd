"""Files of outcomes: labelled batches, or the wafer and what it turned out to be alone."""

from pathlib import Path

from raw_data_validation_train.stage import validate_batches
from raw_data_validation_train.tests.drop import accepted_table
from raw_data_validation_train.verdicts import FileVerdict
from tests.faults.line import SCHEMA, write_drop
from wafer.contract import Kind, load_contract
from wafer.store import list_batches


def verdicts(folder: Path, kind: Kind = "outcomes") -> list[FileVerdict]:
    found = validate_batches(
        list_batches(str(folder / "drop")),
        load_contract(kind, SCHEMA),
        accepted=folder / "accepted",
        manifest=folder / "manifest.json",
        quarantine=folder / "quarantine",
        report=folder / "report.html",
    )
    return list(found.files)


def test_a_file_may_hold_the_wafer_and_its_outcome_alone(tmp_path: Path) -> None:
    write_drop(tmp_path / "drop", files=1, rows=5)
    (tmp_path / "drop" / "wafer_05022021_101500.csv").write_text("Good/Bad,Wafer\n-1,A\n1,B\n1,B\n7,C\n-1,\n")

    whole, alone = verdicts(tmp_path)

    assert (whole.rows_good, whole.rows_quarantined) == (5, 1)
    assert (alone.rows_good, dict(alone.row_codes)) == (2, {"WAFER_ID": 1, "LABEL": 1, "DUPLICATE_WAFER": 1})
    kept = accepted_table(tmp_path / "accepted" / "wafer_05022021_101500.parquet")
    assert kept.to_pylist() == [{"Wafer": "A", "Output": -1}, {"Wafer": "B", "Output": 1}]


def test_two_columns_that_are_something_else_are_refused(tmp_path: Path) -> None:
    write_drop(tmp_path / "drop", files=1, rows=5)
    (tmp_path / "drop" / "wafer_05022021_101500.csv").write_text("Wafer,Yield\nA,1\n")

    assert [list(each.codes) for each in verdicts(tmp_path)] == [[], ["HEADER"]]


def test_a_model_is_not_trained_on_outcomes_without_readings(tmp_path: Path) -> None:
    write_drop(tmp_path / "drop", files=1, rows=5)
    (tmp_path / "drop" / "wafer_05022021_101500.csv").write_text("Wafer,Output\nA,1\n")

    assert [list(each.codes) for each in verdicts(tmp_path, "training")] == [[], ["HEADER"]]
