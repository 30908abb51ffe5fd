"""`wafer score` reads a file in the form that the policy says, as a run does."""

import csv
import gzip
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from application.cli.batch_rows import lines_in
from application.errors import RequestInvalid
from wafer.contract import Contract, load_contract

ROWS = [["Wafer", "Sensor-1", "Sensor-2"], ["W1", "1.5", "NaN"], ["W2", "2", "3"]]
FORMS: list[tuple[Mapping[str, object], bytes]] = [
    ({}, b"\xef\xbb\xbfWafer,Sensor-1,Sensor-2\r\nW1,1.5,NaN\r\nW2,2,3\r\n"),
    ({"delimiter": "\t", "encoding": "utf-16"}, "Wafer\tSensor-1\tSensor-2\nW1\t1.5\tNaN\nW2\t2\t3".encode("utf-16")),
    ({"delimiter": ";", "compression": "gzip"}, gzip.compress(b"Wafer;Sensor-1;Sensor-2\nW1;1.5;NaN\nW2;2;3\n")),
    ({"delimiter": "whitespace", "header_mark": "#"}, b"#  Wafer Sensor-1\tSensor-2\n W1   1.5 NaN \n W2 2 3\n"),
    (
        {"lines_before_header": 1, "lines_after_header": 1},
        b"Lot 7\nWafer,Sensor-1,Sensor-2\n,mV,mV\nW1,1.5,NaN\nW2,2,3\n",
    ),
]


def contract(folder: Path, text: Mapping[str, object]) -> Contract:
    columns = {"Wafer": "varchar", "Sensor-1": "float", "Sensor-2": "float"}
    sample = {"SampleFileName": "a_01012026_120000.csv", "LengthOfDateStampInFile": 8, "LengthOfTimeStampInFile": 6}
    schema = folder / "schema.json"
    schema.write_text(json.dumps({**sample, "NumberofColumns": 3, "ColName": columns}))
    (folder / "policy.json").write_text(json.dumps({"text": text}))
    return load_contract("prediction", schema, folder / "policy.json")


@pytest.mark.parametrize(("text", "data"), FORMS, ids=[" ".join(text) or "plain" for text, _ in FORMS])
def test_a_file_has_the_same_rows_in_every_form(text: Mapping[str, object], data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(data)
    read = contract(tmp_path, text)

    assert list(csv.reader(lines_in(tmp_path / "a", read), delimiter=read.policy.text.separator)) == ROWS


def test_without_a_header_columns_stand_as_in_the_schema(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"W1,1.5,NaN\nW2,2,3\n")

    assert list(csv.reader(lines_in(tmp_path / "a", contract(tmp_path, {"header": False})))) == ROWS


@pytest.mark.parametrize("text", [{"compression": "gzip"}, {"workbook": True}])
def test_a_file_of_another_form_is_refused(text: Mapping[str, object], tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"Wafer,Sensor-1\n")

    with pytest.raises(RequestInvalid, match=r"a.csv has not the form that the policy says under `text`"):
        lines_in(tmp_path / "a.csv", contract(tmp_path, text))
