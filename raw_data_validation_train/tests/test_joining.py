"""Outcomes in a table next to the readings: joined by order or id; tables that do not fit refuse their file."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from raw_data_validation_train.tests.drop import accepted_table, validate
from tests.faults.line import SCHEMA, SENSORS

ROWS = 6
HEADER = ",".join(["Wafer", *SENSORS])
READINGS = [",".join([f"W{row}", *(f"{row}.{sensor}" for sensor in range(len(SENSORS)))]) for row in range(ROWS)]
OUTCOMES = ["-1", "1", "-1", "-1", "1", "-1"]
BARE = {"file_name": {"form": "*.data"}, "wafer_id_from": "{file}-{row}"}


def judged(
    folder: Path, table: dict[str, object], kind: str = "training", *, more: Mapping[str, object] = MappingProxyType({})
) -> dict[str, Any]:
    policy = {"file_name": {"form": "*.csv"}, "outcomes_table": table, **more}
    return validate(folder / "drop", folder / kind, kind, json.dumps(policy), schema=SCHEMA_OF[kind])


SCHEMA_OF = {
    "training": SCHEMA,
    "prediction": json.dumps(
        json.loads(SCHEMA) | {"NumberofColumns": 9, "ColName": {"Wafer": "varchar", **dict.fromkeys(SENSORS, "float")}}
    ),
}


def write(
    folder: Path, readings: list[str], outcomes: list[str], names: tuple[str, str] = ("a.csv", "a_outcomes.csv")
) -> None:
    (folder / "drop").mkdir(exist_ok=True)
    for name, lines in zip(names, (readings, outcomes), strict=True):
        (folder / "drop" / name).write_text("\n".join(lines) + "\n")


def labels(folder: Path) -> list[tuple[str, int]]:
    table = accepted_table(next((folder / "training" / "accepted").iterdir()))
    return list(zip(table["Wafer"].to_pylist(), table["Output"].to_pylist(), strict=True))


def test_tables_without_header_are_joined_by_order_as_secom_is(tmp_path: Path) -> None:
    bare = [line.partition(",")[2].replace(",", " ") for line in READINGS]
    dated = [f'{outcome} "19/07/2008 11:55:00"' for outcome in OUTCOMES]
    write(tmp_path, bare, dated, ("secom.data", "secom_labels.data"))
    policy = {**BARE, "text": {"delimiter": " ", "header": False}}

    manifest = judged(tmp_path, {"file": "{file}_labels.data"}, more=policy)
    predicted = judged(tmp_path, {"file": "{file}_labels.data"}, "prediction", more=policy)

    assert labels(tmp_path) == [(f"secom-{row + 1}", int(outcome)) for row, outcome in enumerate(OUTCOMES)]
    for each in (manifest, predicted):
        assert [(file["name"], file["verdict"], file["rows_good"]) for file in each["files"]] == [
            ("secom.data", "good", ROWS)
        ]


@pytest.mark.parametrize("packed", [False, True])
def test_tables_are_joined_by_id_in_any_order(packed: bool, tmp_path: Path) -> None:
    outcomes = [f"{outcome},W{row}" for row, outcome in reversed(list(enumerate(OUTCOMES)))]
    write(tmp_path, [HEADER, *READINGS], ["Good/Bad,Wafer", *outcomes])
    for path in (tmp_path / "drop").iterdir() if packed else ():
        path.write_bytes(gzip.compress(path.read_bytes()))

    text = {"text": {"compression": "gzip" if packed else "none"}}
    judged(tmp_path, {"file": "{file}_outcomes.csv", "by": "id"}, more=text)

    assert labels(tmp_path) == [(f"W{row}", int(outcome)) for row, outcome in enumerate(OUTCOMES)]


def test_a_wafer_without_outcome_is_a_bad_row_and_not_a_bad_file(tmp_path: Path) -> None:
    write(tmp_path, [HEADER, *READINGS], ["Wafer,Good/Bad", *(f"W{row},-1" for row in range(ROWS - 1))])

    manifest = judged(tmp_path, {"file": "{file}_outcomes.csv", "by": "id"})

    assert [(row["wafer"], row["code"]) for row in manifest["rows"]] == [(f"W{ROWS - 1}", "LABEL")]


@pytest.mark.parametrize(
    ("by", "outcomes", "says"),
    [
        ("order", ["Good/Bad", *OUTCOMES[1:]], "5 outcomes for 6 wafers"),
        ("order", ["Yield", *OUTCOMES], "no column `Output`"),
        ("id", ["Good/Bad", *OUTCOMES], "no column `Wafer`"),
        ("id", ["Wafer,Good/Bad", "W1,1", "W1,-1"], "several outcomes of the wafer `W1`"),
        ("order", ['Good/Bad,"x', *OUTCOMES], "quotes"),
    ],
)
def test_a_table_that_does_not_fit_refuses_its_file_alone(
    by: str, outcomes: list[str], says: str, tmp_path: Path
) -> None:
    write(tmp_path, [HEADER, *READINGS], outcomes)
    write(tmp_path, [HEADER, *(f"B{line}" for line in READINGS)], [], ("c.csv", "c.txt"))

    manifest = judged(tmp_path, {"file": "{file}_outcomes.csv", "by": by})

    first, second, *_ = manifest["files"]
    assert (first["name"], first["codes"]) == ("a.csv", ["OUTCOMES_TABLE"])
    assert says in first["messages"][0]
    assert (second["codes"], "does not lie next to it" in second["messages"][0]) == (["OUTCOMES_TABLE"], True)
