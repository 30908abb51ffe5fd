"""Exports as strangers have them: the draft reads every wafer, or says what stands in the way."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.test_contract_draft import NUMBERED, WAFERS, measured, text, wafer, workbook

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
