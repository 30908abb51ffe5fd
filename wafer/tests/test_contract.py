"""The contract: the field's schema as it is, the policy next to it, and everything wrong named at once."""

import json
import math
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wafer.contract import Contract, load_contract
from wafer.contract.file_name import FileName
from wafer.contract.policy import Policy
from wafer.contract.readings import Unfit, reading_of_text, readings_of_texts
from wafer.errors import ContractInvalid


def schema(**changes: Any) -> str:  # noqa: ANN401 - any JSON value
    columns = {"Wafer": "varchar", "Sensor - 1": " float", "Sensor - 2": " float", "Output": "Integer"}
    whole = {
        "SampleFileName": "wafer_08012020_120000.csv",
        "LengthOfDateStampInFile": 8,
        "LengthOfTimeStampInFile": 6,
        "NumberofColumns": len(columns),
        "ColName": columns,
    }
    return json.dumps({**whole, **changes})


def refusal(kind: str = "training", schema: str | Path = "", policy: str | Path = "") -> str:
    with pytest.raises(ContractInvalid) as raised:
        load_contract(kind, schema, policy)
    return raised.value.message


def test_the_shipped_contract_has_590_sensors_and_a_label_only_for_training(
    contract_training: Contract, contract_prediction: Contract
) -> None:
    assert contract_training.sensors == contract_prediction.sensors
    assert contract_training.sensors[::589] == ("Sensor - 1", "Sensor - 590")
    assert (contract_training.id_column, contract_training.label) == ("Wafer", "Output")
    assert contract_prediction.label is None
    assert contract_training.columns == ("Wafer", *contract_training.sensors, "Output")


def test_the_fields_own_schema_files_are_read_unchanged(real_data: Path, contract_training: Contract) -> None:
    labelled = load_contract("training", real_data / "schema_training.json")
    bare = load_contract("prediction", real_data / "schema_prediction.json")

    assert labelled.digest == contract_training.digest
    assert bare.sensors == labelled.sensors
    assert bare.label is None


def test_both_schemas_of_a_line_share_the_sensors_but_not_the_digest(
    contract_training: Contract, contract_prediction: Contract
) -> None:
    assert contract_training.sensors == contract_prediction.sensors
    assert contract_training.digest != contract_prediction.digest


def test_the_shipped_policy_says_what_the_code_takes_when_nothing_is_set() -> None:
    assert (
        load_contract("training").policy
        == load_contract("training", policy='{"labels": {"-1": "pass", "1": "fail"}}').policy
    )


def test_a_key_left_out_of_the_policy_keeps_its_default() -> None:
    strict = load_contract("training", policy='{"silent_sensors": 0}')

    assert strict.silent_sensors_allowed == 0
    assert strict.policy.columns == load_contract("training").policy.columns


def test_the_digest_changes_with_every_rule_and_with_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text(schema(), encoding="utf-8-sig")
    base = load_contract("training", schema()).digest

    assert load_contract("training", path).digest == base
    assert load_contract("training", schema(SampleFileName="wafer_31122024_235959.csv", Note="new")).digest == base
    assert load_contract("training", schema(SampleFileName="lot_08012020_120000.csv")).digest != base
    assert load_contract("training", schema(), '{"silent_sensors": 0.1}').digest != base
    turned = {"Wafer": "varchar", "Sensor - 2": "float", "Sensor - 1": "float", "Output": "Integer"}
    assert load_contract("training", schema(ColName=turned)).digest != base


def test_a_column_is_known_by_its_schema_name_its_aliases_and_without_blanks() -> None:
    spellings = load_contract("training", schema()).spellings()

    assert spellings[""] == spellings["Unnamed:0"] == spellings["Wafer"] == "Wafer"
    assert spellings["Sensor-2"] == "Sensor - 2"
    assert spellings["Good/Bad"] == spellings["Output"] == "Output"
    assert "sensor-2" not in spellings


def test_aliases_label_map_and_missing_texts_come_from_the_policy() -> None:
    policy = '{"columns": {"id": ["Scheibe"], "label": []}, "labels": {"0": "pass", "1": "fail", "2": "fail"}}'

    contract = load_contract("training", schema(), policy)

    assert contract.spellings()["Scheibe"] == "Wafer"
    assert "Good/Bad" not in contract.spellings()
    assert contract.policy.labels == {0: "pass", 1: "fail", 2: "fail"}


@pytest.mark.parametrize(
    ("name", "matches", "real"),
    [
        ("wafer_08012020_120000.csv", True, True),
        ("wafer_29022020_000000.csv", True, True),
        ("wafer_29022021_000000.csv", True, False),
        ("wafer_08012020_235960.csv", True, False),
        ("Wafer_08012020_120000.csv", False, False),
        ("wafer_08012020_120000.csv\n", False, False),
        ("wafer_0801202_120000.csv", False, False),
        ("wafer_08012020_120000xcsv", False, False),
        ("wafer_\u0660\u0668012020_120000.csv", False, False),
    ],
)
def test_a_file_name_has_the_schemas_form_and_real_stamps(name: str, matches: bool, real: bool) -> None:
    form = load_contract("training").file_name

    assert (form.matches(name), form.stamps_are_real(name)) == (matches, real)


def test_a_stamp_says_when_a_batch_was_written_also_after_it_went_through_text() -> None:
    form = FileName.from_json(load_contract("training").file_name.to_json())

    assert form.stamp("wafer_07012020_041011.csv") == datetime(2020, 1, 7, 4, 10, 11)  # noqa: DTZ001 - no zone
    assert form.stamp("wafer_31022020_041011.csv") is None
    assert form.stamp("other.csv") is None


def test_stamps_of_another_length_follow_the_schema() -> None:
    text = schema(SampleFileName="w-080120-1200.csv", LengthOfDateStampInFile=6, LengthOfTimeStampInFile=4)

    form = load_contract("training", text).file_name

    assert form.stamps_are_real("w-310120-2359.csv")
    assert not form.stamps_are_real("w-310220-2359.csv")
    assert not form.matches("w-31012020-2359.csv")


def test_everything_wrong_is_named_at_once(tmp_path: Path) -> None:
    columns = {"Sensor - 1": "float", "Sensor-1": "float", "Remark": "text"}

    message = refusal(
        schema=schema(NumberofColumns=7, SampleFileName="x.csv", ColName=columns), policy='{"labels": {"1": "ok"}}'
    )
    assert "SampleFileName 'x.csv'" in message
    assert "policy labels" in message

    message = refusal(schema=schema(NumberofColumns=7, ColName=columns))
    for part in (
        "says 7 but ColName lists 3",
        "type varchar",
        "type Integer",
        "'Remark' has type 'text'",
        "'Sensor-1'",
    ):
        assert part in message


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("{", "not JSON"),
        ('{"a":' * 100_000, "schema cannot be read"),
        (f'{{"a": {"9" * 5000}}}', "schema cannot be read"),
        ("{}", "SampleFileName"),
        (schema(NumberofColumns="many"), "NumberofColumns"),
        (schema().replace("Sensor - 2", "Sensor - 1"), "'Sensor - 1' twice"),
        (schema(LengthOfDateStampInFile=6), "a date of 6"),
    ],
)
def test_a_broken_schema_is_refused(text: str, part: str) -> None:
    assert part in refusal(schema=text)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("{a: [", "not YAML"),
        (f"{{a: {'9' * 5000}}}", "policy cannot be read"),
        ('{"silent_sensors": 2}', "silent_sensors"),
        ('{"silent": 0}', "policy silent"),
        ('{"labels": {"1": "pass", "2": "pass"}}', "means fail"),
        ('{"wafer_id": "["}', "regular expression"),
        ('{"readings": {"lowest": 1, "highest": 0}}', "lowest"),
        ('{"readings": {"highest": 1e39}}', "highest"),
        ('{"columns": {"id": ["Sensor-1"]}}', "stands for both"),
        ('{"columns": {"id": ["Good/Bad"]}}', "stands for both"),
    ],
)
def test_a_broken_policy_is_refused(text: str, part: str) -> None:
    assert part in refusal(policy=text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    binary = tmp_path / "schema.json"
    binary.write_bytes(b"\xff\xfe\x00")

    assert "nowhere.json cannot be read" in refusal(schema=tmp_path / "nowhere.json")
    assert "schema.json cannot be read" in refusal(schema=binary)
    assert "cannot be read" in refusal(policy=tmp_path)


def test_a_schema_can_lie_in_the_store(tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text(schema())

    contract = load_contract("training", f"file://{tmp_path}/schema.json")

    assert contract.sensors == ("Sensor - 1", "Sensor - 2")
    assert "absent.json" in refusal(schema=f"file://{tmp_path}/absent.json")


def test_an_unknown_kind_is_refused() -> None:
    assert "choose training, prediction or outcomes" in refusal(kind="test")


def test_the_digest_of_a_contract_without_newer_keys_never_changes() -> None:
    known = "3a6e018b96eadb1d5713de79825877090d3fb5b022e3f51f7290df785c1e675d"

    assert load_contract("training").digest == known
    assert load_contract("training", policy='{"text": {"delimiter": ","}, "wafer_id_from": "{id}"}').digest == known
    assert load_contract("training", policy='{"text": {"delimiter": ";"}}').digest != known
    assert load_contract("training", policy='{"columns": {"ignored": ["Lot"]}}').digest != known


@pytest.mark.parametrize(
    ("policy", "part"),
    [
        ("{labels: {yes: pass, no: fail}}", "write them in quotes"),
        ('{"text": {"decimal": ",", "thousands": ","}}', "different signs"),
        ('{"columns": {"sensors": ["Sensor"]}}', "must hold {n}"),
        ('{"wafer_id_from": "lot"}', "fields in braces"),
        ('{"wafer_id_from": "{Sensor-1}"}', "'Sensor-1', which is no id"),
        ('{"columns": {"aliases": {"Sensor - 9": ["P"]}}}', "'Sensor - 9', which the schema does not have"),
        ('{"columns": {"aliases": {"Sensor - 1": ["Sensor-2"]}}}', "stands for both"),
        ('{"file_name": {"date": "YYYYDDD"}}', "written like YYYYMMDD"),
        ('{"file_name": {"form": "a/{date}.csv"}}', "no form of a name"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused_with_the_cure(policy: str, part: str) -> None:
    assert part in refusal(schema=schema(), policy=policy)


def test_a_schema_may_have_whole_numbers_words_and_columns_nobody_reads() -> None:
    columns = {"Id": "int", "Lot": "varchar", "S1": "int", "S2": "double", "At": "timestamp", "Result": "varchar"}
    text = schema(ColName=columns, NumberofColumns=6)

    contract = load_contract("training", text, '{"labels": {"good": "pass", "bad": "fail"}}')

    assert (contract.id_column, contract.sensors, contract.label) == ("Id", ("S1", "S2"), "Result")
    assert contract.ignores("Lot")
    assert load_contract("prediction", text).label is None


@pytest.mark.parametrize(
    ("names", "name", "real", "stamp"),
    [
        ({"date": "YYYYMMDD"}, "wafer_20211231_120000.csv", True, "2021-12-31 12:00:00"),
        ({"form": "L*_{date}.csv", "date": "DDMMMYYYY"}, "L7_31Dec2021.csv", True, "2021-12-31 00:00:00"),
        ({"form": "L*_{date}.csv", "date": "DDMMMYYYY"}, "L7_31Abc2021.csv", False, "None"),
        ({"date": "MMDDYYYY"}, "wafer_12312021_120000.csv", True, "2021-12-31 12:00:00"),
        ({"date": "MMDDYYYY"}, "wafer_31122021_120000.csv", False, "None"),
        (
            {"form": "*_{time}-{date}.txt", "date": "YYYY-MM-DD", "time": "HHMM"},
            "a_2359-2021-12-31.txt",
            True,
            "2021-12-31 23:59:00",
        ),
        ({"form": "L*-{date}.csv", "date": "YYMMDD"}, "L17-211231.csv", True, "2021-12-31 00:00:00"),
        ({"form": "*.csv"}, "anything.csv", True, "None"),
        ({"form": "L_{date}.csv", "date": "YYYYWww"}, "L_2026W40.csv", True, "2026-09-28 00:00:00"),
        ({"form": "L_{date}.csv", "date": "YY-WWww"}, "L_26-WW40.csv", True, "2026-09-28 00:00:00"),
        ({"form": "{date}.csv", "date": "KWww_YYYY"}, "KW53_2026.csv", True, "2026-12-28 00:00:00"),
        ({"form": "{date}.csv", "date": "KWww_YYYY"}, "KW53_2025.csv", False, "None"),
        (
            {"form": "{date}_{time}.csv", "date": "YYYY-Www-D", "time": "HHMMSS"},
            "2026-W01-7_120000.csv",
            True,
            "2026-01-04 12:00:00",
        ),
        ({"form": "L_{date}.csv", "date": "seconds"}, "L_1764288000.csv", True, "2025-11-28 00:00:00"),
        ({"form": "L_{date}.csv", "date": "milliseconds"}, "L_1764288000123.csv", True, "2025-11-28 00:00:00.123000"),
    ],
)
def test_the_policy_says_how_files_are_named(names: dict[str, str], name: str, real: bool, stamp: str) -> None:
    form = load_contract("training", schema(), json.dumps({"file_name": names})).file_name

    assert form.matches(name)
    assert form.stamps_are_real(name) == real
    assert str(form.stamp(name)) == stamp


@pytest.mark.parametrize("date", ["Www", "ww", "YYYYww", "YYYYWwwDD", "YYYYWwwYYYY", "minutes", "YYYYWMM"])
def test_a_week_needs_its_year_and_a_letter(date: str) -> None:
    with pytest.raises(ContractInvalid, match=r"must be written like YYYYMMDD, .* YYYYWww"):
        load_contract("training", schema(), json.dumps({"file_name": {"form": "{date}.csv", "date": date}}))


@pytest.mark.parametrize("odd", ["1,5", " 1", "abc", "inf", "1_0", "", None, "-9", "1e999", "1\n2"])
@pytest.mark.parametrize("policy", [Policy(), Policy.model_validate({"readings": {"missing": ["-9"]}})])
def test_many_fields_are_read_as_each_is_alone(odd: str | None, policy: Policy) -> None:
    texts = ["1.5", odd, "-2"]

    found = readings_of_texts(texts, policy)

    if found is not None:
        assert repr(found) == repr([reading_of_text(each or "", policy) for each in texts]) or odd == "1e999"
    assert (found is None) == (odd in {"1,5", " 1", "abc", "inf", "1_0", "1\n2"})


@given(st.lists(st.text("0123456789+-.eE_, ", max_size=6), max_size=4))
@pytest.mark.parametrize("policy", [Policy(), Policy.model_validate({"text": {"decimal": ",", "delimiter": ";"}})])
def test_many_fields_of_any_signs_are_read_as_each_is_alone(policy: Policy, texts: list[str]) -> None:
    found = readings_of_texts(texts, policy)

    alone = [reading_of_text(each, policy) for each in texts]
    if found is not None:
        unbounded = [math.nan if math.isnan(value) else value for value in found]
        assert all(
            one is Unfit.OUT_OF_RANGE or repr(one) == repr(value) for one, value in zip(alone, unbounded, strict=True)
        )
