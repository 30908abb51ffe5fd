"""A refusal that the policy cures names the key and the value; written as it stands, it cures."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from raw_data_validation_train.tests.corpus import batch
from raw_data_validation_train.tests.drop import validate
from raw_data_validation_train.tests.policies import other_forms
from raw_data_validation_train.tests.test_corpus import validate_case
from wafer.errors import SourceEmpty

CURED = [
    "semicolons", "semicolons with decimal commas", "tabs", "bars", "quoted decimal commas", "UTF-16", "gzip",
    "a line sep=;", "labels 0 and 1", "words", "the text NaN", "underscores", "capitals", "lot and time",
    "the index of a table", "empty columns at the end", "a comma after every row", "no id",
    "an outcome in a file to predict", "year first",
]  # fmt: skip


def cures(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The policies that the messages of a drop name."""
    texts = [text for file in manifest["files"] for text in (*file["messages"], *file["warnings"])]
    found = [part for text in texts for part in re.findall(r"`([^`]+)`", text)]
    return [policy for part in found if isinstance(policy := _yaml(part), dict)]


def _yaml(text: str) -> object:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


@pytest.mark.parametrize("case", [case for case in other_forms() if case.title in CURED], ids=str)
def test_the_policy_that_a_message_names_cures_what_it_is_about(case: Any, tmp_path: Path) -> None:  # noqa: ANN401
    manifest, _ = validate_case(replace(case, policy=""), tmp_path / "before")
    cure: dict[str, Any] = {}
    for each in cures(manifest):
        cure = each | cure

    _, file = validate_case(replace(case, policy=json.dumps(cure)), tmp_path / "after")

    assert cure
    assert (file["verdict"], file["rows_good"]) == ("good", case.rows_in)


@pytest.mark.parametrize(
    ("folder", "cure"),
    [
        ("header_underscore", {"columns": {"spelling": "loose"}}),
        ("label_01", {"labels": {0: "pass", 1: "fail"}}),
        ("lot_column", {"columns": {"ignored": ["Lot"]}}),
        ("timestamp_column", {"columns": {"ignored": ["Time"]}}),
        ("missing_NaN", {"readings": {"missing": ["NaN"]}}),
        ("semicolon_decimal_comma", {"text": {"delimiter": ";", "decimal": ","}}),
        ("to_csv_default", {"columns": {"ignored": [""]}}),
    ],
)
def test_every_shared_export_is_told_its_cure(
    folder: str, cure: dict[str, Any], field_data: Path, tmp_path: Path
) -> None:
    manifest = validate(field_data / folder, tmp_path, schema=field_data / "schema_training.json")

    assert cure in cures(manifest)


def test_an_index_beside_the_id_is_named_and_the_id_is_not_called_unknown(field_data: Path, tmp_path: Path) -> None:
    manifest = validate(field_data / "to_csv_default", tmp_path, schema=field_data / "schema_training.json")

    (message,) = (text for text in manifest["files"][0]["messages"] if "index" in text)
    assert "Unknown" not in message


def test_another_name_of_the_outcome_is_named(tmp_path: Path) -> None:
    made = batch(1)
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / made.name()).write_bytes(made.data().replace(b"Good/Bad", b"Pass/Fail"))

    manifest = validate(tmp_path / "drop", tmp_path)

    assert {"columns": {"label": ["Pass/Fail"]}} in cures(manifest)


def test_a_source_without_batches_says_what_lies_there(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    for name in ("secom.data", "secom_labels.data", "readme.txt"):
        (tmp_path / "drop" / name).write_text("1 2\n")

    with pytest.raises(SourceEmpty, match=r"2 \.data, 1 \.txt; for example `readme.txt`"):
        validate(tmp_path / "drop", tmp_path)
