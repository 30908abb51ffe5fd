"""Exports as strangers have them: the draft reads every wafer, or says what stands in the way."""

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.test_contract_draft import NUMBERED, WAFERS, Row, measured, text, wafer, workbook

HEADER = ["Wafer", *NUMBERED, "Result"]
Rows = list[list[str]]


def table(good: str = "PASS", bad: str = "FAIL") -> Rows:
    readings, failed = measured(WAFERS)
    cells = [["" if value != value else str(value) for value in row] for row in readings.tolist()]
    return [[f"W{n:03}", *row, bad if failed[n] else good] for n, row in enumerate(cells)]


def with_commas(rows: Rows) -> Rows:
    return [[cell.replace(".", ",") for cell in row] for row in rows]


@dataclass(frozen=True)
class Strange:
    """A folder of exports, parts of the policy that a draft of it has, and how many rows are good by it."""

    title: str
    write: Callable[[Path], None]
    policy: dict[str, Any] = field(default_factory=dict)
    good: int = WAFERS

    def __str__(self) -> str:
        return self.title


def encoded(name: str, sensor: str) -> Callable[[Path], None]:
    header = ["Wafer", *(f"{sensor}{n}" for n in range(len(NUMBERED))), "Result"]
    return lambda drop: text(drop / "a.csv", header, table(), encoding=name)


def kaggle(drop: Path) -> None:
    """The first wafer misses readings, so the names above its values do not count up."""
    rows = [["2008-07-19 11:55:00", row[1], "", *row[3:-1], row[-1]] for row in table("-1", "1")]
    text(drop / "uci-secom.csv", ["Time", *map(str, range(len(NUMBERED))), "Pass/Fail"], rows)


def kaggle_of_some_sensors(drop: Path) -> None:
    rows = [["2008-07-19 11:55:00", *row[1:-1], row[-1]] for row in table("-1", "1")]
    text(drop / "uci-secom.csv", ["Time", *map(str, range(3, 3 + 7 * len(NUMBERED), 7)), "Pass/Fail"], rows)


def separators_after_rows(drop: Path) -> None:
    text(drop / "a.csv", HEADER, [[*row, ""] for row in with_commas(table())], ";")


def title_in_a_workbook(drop: Path) -> None:
    rest = [""] * (len(HEADER) - 1)
    workbook(drop / "a.xlsx", ["Line 7, November", *rest], [["", *rest], HEADER, *table()])


def line_ends_in_quotes(drop: Path) -> None:
    header = ["Wafer", *(f'"Temp\n{n}"' for n in range(len(NUMBERED))), "Comment", "Result"]
    text(drop / "a.csv", header, [[*row[:-1], '"ok\r\nstill ok"', row[-1]] for row in table()])


def units_and_limits(drop: Path) -> None:
    units, limit = ["", *["[mV]"] * len(NUMBERED), ""], ["USL", *["1800"] * len(NUMBERED), ""]
    text(drop / "a.csv", HEADER, [units, limit, *table()])


def two_forms(drop: Path) -> None:
    text(drop / "a.csv", HEADER, table())
    text(drop / "b.csv", HEADER, [[f"V{row[0]}", *row[1:]] for row in with_commas(table())], ";")


READ = [
    Strange("Kaggle form", kaggle),
    Strange("Kaggle form of some sensors", kaggle_of_some_sensors),
    Strange("separators after rows", separators_after_rows, {"columns": {"trailing_empty": "drop"}}),
    Strange("a title in a workbook", title_in_a_workbook, {"text": {"lines_before_header": 2}}),
    Strange("line ends in quotes", line_ends_in_quotes, {"text": {"quoted_line_ends": "blank"}}),
    Strange("units and limits under the header", units_and_limits, {"text": {"lines_after_header": 2}}),
    Strange("two forms in one folder", two_forms, {"text": {}}),
    Strange("Latin-1", encoded("latin-1", "Temp [°C] "), {"text": {"encoding": "latin-1"}}),
    Strange("Windows", encoded("windows-1252", "Kosten [€] "), {"text": {"encoding": "windows-1252"}}),
    Strange("Shift-JIS", encoded("cp932", "温度"), {"text": {"encoding": "cp932"}}),
    Strange("GBK", encoded("gb18030", "温度压力"), {"text": {"encoding": "gb18030"}}),
    Strange("Big5", encoded("cp950", "溫度壓力"), {"text": {"encoding": "cp950"}}),
    Strange("EUC-KR", encoded("cp949", "온도와압력변화"), {"text": {"encoding": "cp949"}}),
]  # fmt: skip


def drafted(strange: Strange, tmp_path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the draft tells, and the policy that it wrote."""
    (tmp_path / "drop").mkdir()
    strange.write(tmp_path / "drop")
    told = wafer("contract", "draft", tmp_path / "drop", "--output", tmp_path, "--json")
    assert told.code == 0, told.err
    return told.json, yaml.safe_load((tmp_path / "contract.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("strange", READ, ids=str)
def test_a_draft_reads_every_wafer(strange: Strange, tmp_path: Path) -> None:
    told, policy = drafted(strange, tmp_path)

    assert sum(each["rows_good"] for each in told["verdicts"] if each["kind"] == "training") == strange.good
    assert not any(each["row_codes"] for each in told["verdicts"] if each["verdict"] == "good")
    for part, keys in strange.policy.items():
        assert keys.items() <= policy.get(part, {}).items()


def twice(drop: Path) -> None:
    for name in ("lot_20261127.csv", "lot_20261127 (1).csv"):
        text(drop / name, HEADER, table())


def named_twice(drop: Path) -> None:
    text(drop / "a.csv", [*HEADER[:-2], HEADER[1], "Result"], table())


def silent(drop: Path) -> None:
    text(drop / "a.csv", HEADER, [[row[0], "", "", "", "", *row[5:]] for row in table()])


def outcomes(column: str, *words: str) -> Callable[[Path], None]:
    """Outcomes in several words: the first half of them means pass."""

    def write(drop: Path) -> None:
        half = len(words) // 2
        rows = table("0", "1")
        told = [
            words[n % half] if row[-1] == "0" else words[half + n % (len(words) - half)] for n, row in enumerate(rows)
        ]
        text(drop / "a.csv", [*HEADER[:-1], column], [[*row[:-1], word] for row, word in zip(rows, told, strict=True)])

    return write


def ids(form: str) -> Callable[[Path], None]:
    return lambda drop: text(
        drop / "a.csv", HEADER, [[form.format(n), *row[1:]] for n, row in enumerate(table(), start=100)]
    )


GUESSED = [
    Strange("one file under two names", twice, {"columns": {"ignored": ["Result"]}}),
    Strange("a column twice", named_twice, {"columns": {"ignored": ["Sensor 1", "Result"]}}),
    Strange("half of the sensors silent", silent, {"silent_sensors": 0.5}),
    Strange("outcomes in any capitals", outcomes("Result", "PASS", "Pass", "fail", "FAIL")),
    Strange("outcomes as fractions", outcomes("Result", "-1.0", "1.0"), {"columns": {"ignored": ["Result"]}}),
    Strange("true and false", outcomes("Passed", "True", "False"), {"labels": {"True": "pass", "False": "fail"}}),
    Strange("defects", outcomes("Defect", "False", "True"), {"labels": {"False": "pass", "True": "fail"}}),
    Strange("German words", outcomes("Ergebnis", "i.O.", "n.i.O."), {"labels": {"i.O.": "pass", "n.i.O.": "fail"}}),
    Strange("Chinese words", outcomes("结果", "合格", "不合格"), {"labels": {"合格": "pass", "不合格": "fail"}}),
    Strange("bins", outcomes("Bin", "1", "3", "7"), {"labels": {1: "pass", 3: "fail", 7: "fail"}}),
    Strange("leading zeros", ids("{:06}")),
    Strange("ids as fractions", ids("{}.0")),
    Strange("ids with other letters", ids("Prüf-{}"), {"wafer_id": "[A-Za-z0-9_.:/ü-]{1,64}"}),
]  # fmt: skip


@pytest.mark.parametrize("strange", GUESSED, ids=str)
def test_a_draft_takes_columns_for_what_they_are(strange: Strange, tmp_path: Path) -> None:
    told, policy = drafted(strange, tmp_path)

    assert sum(each["rows_good"] for each in told["verdicts"] if each["kind"] == "training") == strange.good
    for part, keys in strange.policy.items():
        found = policy.get(part, {})
        assert found == keys if part in ("labels", "silent_sensors", "wafer_id") else keys.items() <= found.items()


def test_a_person_says_which_column_is_the_outcome(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    outcomes("Grading", "A", "B", "C", "D")(tmp_path / "drop")
    draft = ("contract", "draft", tmp_path / "drop", "--output", tmp_path, "--force", "--json")

    asked = " ".join(wafer(*draft).json["unsure"])
    told = wafer(*draft, "--outcome", "Grading", "--passes", "A", "--passes", "B").json
    policy = yaml.safe_load((tmp_path / "contract.yaml").read_text())

    assert '`--outcome "Grading" --passes "' in asked
    assert policy["labels"] == {"A": "pass", "B": "pass", "C": "fail", "D": "fail"}
    assert [each["rows_good"] for each in told["verdicts"]] == [WAFERS]
    assert wafer(*draft, "--outcome", "Grade B").code == 1


def sideways(drop: Path) -> None:
    text(drop / "a.csv", *_turned([HEADER, *table()]))


def _turned(rows: Sequence[Row]) -> tuple[Row, Sequence[Row]]:
    first, *rest = [list(column) for column in zip(*rows, strict=True)]
    return first, rest


def long_form(drop: Path) -> None:
    rows = [[row[0], name, value] for row in table() for name, value in zip(NUMBERED, row[1:], strict=False) if value]
    text(drop / "a.csv", ["Wafer", "Parameter", "Value"], rows)


def archive(drop: Path) -> None:
    with zipfile.ZipFile(drop / "lots.zip", "w") as packed:
        packed.writestr("a.csv", "Wafer,Sensor 1\nW1,2\n")


REFUSED: dict[str, Callable[[Path], None]] = {
    "stands on its side": sideways,
    "Pivot the table": long_form,
    "has a header but not a single row": lambda drop: text(drop / "a.csv", HEADER, []),
    "`lots.zip` is an archive: unpack it": archive,
    "`a.csv` is empty: export it again": lambda drop: (drop / "a.csv").touch(),
    "UTF-16 without its mark": lambda drop: text(drop / "a.csv", HEADER, table(), encoding="utf-16-le"),
    "Give the folder or prefix that holds the exports": lambda drop: (drop / "lot 7").mkdir(),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_a_folder_of_no_use_is_refused_with_what_to_do(reason: str, tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    REFUSED[reason](tmp_path / "drop")

    refused = wafer("contract", "draft", tmp_path / "drop", "--output", tmp_path)

    assert refused.code == 1
    assert reason in refused.err
    assert not (tmp_path / "contract.yaml").exists()


def test_numbers_that_are_none_are_asked_about(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    rows = [[*row[:-1], "-9999", "93.5 %", str(n / 30), row[-1]] for n, row in enumerate(table())]
    text(tmp_path / "drop" / "a.csv", [*HEADER[:-1], "Flow", "Humidity", "Yield", "Result"], rows)

    told = wafer("contract", "draft", tmp_path / "drop", "--output", tmp_path, "--json").json

    asked = " ".join(told["unsure"])
    assert '"-9999" under `readings: {missing: […]}`' in asked
    assert "`Humidity` (`93.5 %`)" in asked
    assert "though they hold numbers: `Yield`" in asked
