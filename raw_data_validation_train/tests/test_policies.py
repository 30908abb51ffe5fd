"""Exports of other lines: refused as they are, good under the policy that says their form."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from raw_data_validation_train.tests.corpus import Batch, Case, batch, wafer
from raw_data_validation_train.tests.drop import accepted_table, accepted_wafers, validate
from raw_data_validation_train.tests.policies import other_forms
from raw_data_validation_train.tests.test_corpus import validate_case
from wafer.files import stem


@pytest.mark.parametrize("case", other_forms(), ids=str)
def test_a_policy_cures_what_is_refused_without_it(case: Case, tmp_path: Path) -> None:
    _, before = validate_case(replace(case, policy=""), tmp_path / "before")
    manifest, file = validate_case(case, tmp_path / "after")

    assert before["codes"] or before["row_codes"] or case.title == "slots of a file"
    assert (file["verdict"], file["codes"], manifest["rows"]) == ("good", [], [])
    assert file["rows_in"] == file["rows_good"] == case.rows_in
    table = accepted_table(tmp_path / "after" / "accepted" / f"{stem(case.file)}.parquet")
    assert len(set(table.column("Wafer").to_pylist())) == case.rows_in


@pytest.mark.parametrize("case", other_forms(), ids=str)
def test_the_cures_that_messages_name_lead_to_good_files(case: Case, tmp_path: Path) -> None:
    policy: dict[str, Any] = {}
    for look in range(5):
        manifest, file = validate_case(replace(case, policy=json.dumps(policy)), tmp_path / str(look))
        rows = [row["message"] for row in manifest["rows"]]
        if file["verdict"] == "good" and not rows:
            break
        for cure in _cures(" ".join([*file["messages"], *rows])):
            policy = _both(policy, cure)

    assert (file["verdict"], file["rows_good"]) == ("good", case.rows_in)


def _cures(messages: str) -> list[dict[str, Any]]:
    """What a person copies into the policy."""
    keys = "columns|file_name|labels|readings|text|wafer_id_from"
    return [yaml.safe_load(found) for found in re.findall(rf"`((?:{keys}): [^`]*)`", messages)]


def _both(one: dict[str, Any], two: dict[str, Any]) -> dict[str, Any]:
    return one | {
        key: _both(one[key], value) if isinstance(value, dict) and isinstance(one.get(key), dict) else value
        for key, value in two.items()
    }


@pytest.mark.parametrize(
    "title",
    ["semicolons with decimal commas", "words", "lot and slot", "no id", "UTF-16", "aligned columns", "row names of R"],
)
def test_another_form_gives_the_same_readings(title: str, tmp_path: Path) -> None:
    case = next(case for case in other_forms() if case.title == title)
    plain = batch(600)
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / plain.name()).write_bytes(plain.data())

    validate_case(case, tmp_path / "other")
    validate(tmp_path / "plain", tmp_path)

    one = accepted_table(tmp_path / "other" / "accepted" / f"{stem(case.file)}.parquet")
    two = accepted_table(tmp_path / "accepted" / f"{stem(plain.name())}.parquet")
    assert one.drop_columns(["Wafer", "Output"]).equals(two.drop_columns(["Wafer", "Output"]))
    failed = {"words": 1}.get(title, 1)
    assert [label == failed for label in one["Output"].to_pylist()] == [
        label == 1 for label in two["Output"].to_pylist()
    ]


@pytest.mark.parametrize("broken", ["1;5", "abc", "1.2.3,4", "1.23", "1,5,6"])
def test_a_bad_number_is_found_in_every_form(broken: str, tmp_path: Path) -> None:
    made = batch(1)
    rows = [[cell.replace(".", ",") for cell in row] for row in made.rows]
    rows[2][7] = f'"{broken}"'
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / made.name()).write_bytes(Batch(1, made.header, rows).data(separator=";"))

    manifest = validate(
        tmp_path / "drop", tmp_path, policy='{"text": {"delimiter": ";", "decimal": ",", "thousands": "."}}'
    )

    assert [(row["line"], row["code"]) for row in manifest["rows"]] == [(4, "NOT_A_NUMBER")]


@pytest.mark.parametrize(
    ("title", "data", "code"),
    [
        ("gzip", b"\x1f\x8b\x08\x00 broken", "NOT_CSV"),
        ("gzip", b"no archive at all\n", "NOT_CSV"),
        ("UTF-16", b"\xff\xfeW\x00a", "ENCODING"),
        ("no header, blanks between", b"", "FILE_EMPTY"),
    ],
)
def test_bytes_that_are_not_what_the_policy_says_are_refused(
    title: str, data: bytes, code: str, tmp_path: Path
) -> None:
    case = next(case for case in other_forms() if case.title == title)

    _, file = validate_case(replace(case, data=data), tmp_path)

    assert file["codes"] == [code]
    assert file["bytes"] == len(data)


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    case = next(case for case in other_forms() if case.title == "gzip")
    policy = '{"text": {"compression": "gzip"}, "limits": {"file_bytes": 20000}}'

    _, file = validate_case(replace(case, policy=policy), tmp_path)

    assert file["codes"] == ["FILE_TOO_LARGE"]


def test_a_value_in_a_column_without_name_is_never_dropped(tmp_path: Path) -> None:
    case = next(case for case in other_forms() if case.title == "empty columns at the end")

    manifest, file = validate_case(replace(case, data=case.data.replace(b"1,,\r\n", b"1,,7\r\n", 1)), tmp_path)

    assert file["rows_good"] == case.rows_in - 1
    assert [row["code"] for row in manifest["rows"]] == ["ROW_LENGTH"]


def test_a_second_measurement_is_kept_by_the_stamp_and_not_by_the_name(tmp_path: Path) -> None:
    a, b = wafer("a", 0), wafer("b", 1)
    again = [*a[:300], "0.5", *a[301:]]
    (tmp_path / "drop").mkdir()
    for name, rows in {"wafer_02022021_120000.csv": [a, b], "wafer_01032021_120000.csv": [again, b]}.items():
        (tmp_path / "drop" / name).write_bytes(Batch(1, batch(1).header, rows).data())

    manifest = validate(tmp_path / "drop", tmp_path, policy='{"second_measurement": "keep_later"}')

    assert accepted_wafers(tmp_path) == {"wafer_01032021_120000": ["a", "b"]}
    assert [(row["wafer"], row["code"]) for row in manifest["rows"]] == [
        ("a", "CONFLICTING_WAFER"),
        ("b", "DUPLICATE_WAFER"),
    ]
    assert "measured again in wafer_01032021_120000.csv, line 2, which is kept" in manifest["rows"][0]["message"]
