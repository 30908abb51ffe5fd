"""The shared made-up exports: what each gives as it is, and under the policy that fits it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from raw_data_validation_train.tests.drop import accepted_wafers, validate
from wafer.contract import load_contract

NO_POLICY = ""


@dataclass(frozen=True)
class Expected:
    """An export, a policy, and what comes of it: file codes, or codes of rows of good files."""

    folder: str
    policy: str
    good: int
    codes: tuple[str, ...] = ()
    rows: dict[str, int] | None = None

    def __str__(self) -> str:
        return f"{self.folder} {self.policy or 'as it is'}"


CASES = [
    Expected("header_underscore", NO_POLICY, 0, ("HEADER",)),
    Expected("header_underscore", '{"columns": {"sensors": ["Sensor_{n}"]}}', 12),
    Expected("header_underscore", '{"columns": {"spelling": "loose"}}', 12),
    Expected("label_01", '{"labels": {"0": "pass", "1": "fail"}}', 12),
    Expected("lot_column", NO_POLICY, 0, ("HEADER", "COLUMN_COUNT")),
    Expected("lot_column", '{"columns": {"ignored": ["Lot"]}}', 12),
    Expected("lot_column", '{"columns": {"ignored": ["Lot"]}, "wafer_id_from": "{Lot}:{id}"}', 12),
    Expected("timestamp_column", NO_POLICY, 0, ("HEADER", "COLUMN_COUNT")),
    Expected("timestamp_column", '{"columns": {"ignored": ["Time"]}}', 12),
    Expected("missing_NaN", '{"readings": {"missing": ["NaN"]}}', 12),
    Expected("remeasured", NO_POLICY, 11, rows={"CONFLICTING_WAFER": 2}),
    Expected("remeasured", '{"second_measurement": "keep_later"}', 12, rows={"CONFLICTING_WAFER": 1}),
    Expected("semicolon_decimal_comma", NO_POLICY, 0, ("NOT_CSV",)),
    Expected("semicolon_decimal_comma", '{"text": {"delimiter": ";", "decimal": ","}}', 12),
    Expected("slot_numbers_repeat", NO_POLICY, 0, ("NO_GOOD_ROWS",)),
    Expected("slot_numbers_repeat", '{"wafer_id_from": "{file}:{id}"}', 36),
    Expected("to_csv_default", NO_POLICY, 0, ("HEADER", "COLUMN_COUNT")),
    Expected("to_csv_default", '{"columns": {"ignored": [""]}}', 12),
]


def validated(expected: Expected, field_data: Path, out: Path) -> dict[str, Any]:
    return validate(
        field_data / expected.folder, out, policy=expected.policy, schema=field_data / "schema_training.json"
    )


@pytest.mark.parametrize("expected", CASES, ids=str)
def test_an_export_gets_the_verdict_of_its_policy(expected: Expected, field_data: Path, tmp_path: Path) -> None:
    manifest = validated(expected, field_data, tmp_path)

    assert manifest["totals"]["rows_good"] == expected.good
    assert {code for file in manifest["files"] for code in file["codes"]} == set(expected.codes)
    if expected.rows is not None:
        assert manifest["rows_by_code"] == expected.rows
    assert sum(map(len, accepted_wafers(tmp_path).values())) == expected.good


def test_labels_the_other_way_round_are_a_policy(field_data: Path) -> None:
    contract = load_contract(
        "training", field_data / "schema_training.json", field_data / "labels_other_way_round.yaml"
    )

    assert contract.policy.label_codes == {-1: "fail", 1: "pass"}


def test_a_table_without_header_and_id_can_be_predicted(field_data: Path, tmp_path: Path) -> None:
    policy = (
        '{"text": {"delimiter": " ", "header": false}, "file_name": {"form": "secom.data"}, '
        '"readings": {"missing": ["NaN"]}, "wafer_id_from": "{file}-{row}"}'
    )

    validate(field_data / "secom_raw", tmp_path, "prediction", policy, schema=field_data / "schema_prediction.json")

    assert accepted_wafers(tmp_path) == {"secom.data": [f"secom-{n}" for n in range(1, 13)]}


def test_every_export_of_the_folder_has_a_case(field_data: Path) -> None:
    assert {path.name for path in field_data.iterdir() if path.is_dir()} == {case.folder for case in CASES} | {
        "secom_raw"
    }
