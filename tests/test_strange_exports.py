"""Exports as strangers have them: the draft reads every wafer, or says what stands in the way."""

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from tests.test_contract_draft import NUMBERED, WAFERS, Row, measured, sheets, text, wafer, workbook

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


def lines(path: Path, *rows: str, end: str = "\n") -> None:
    path.write_bytes("".join(row + end for row in rows).encode())


def words() -> Rows:
    """The table as one word a field."""
    return [[name.replace(" ", "_") for name in HEADER], *([cell or "NaN" for cell in row] for row in table())]


def aligned(drop: Path) -> None:
    """As pandas prints a table: fields stand below each other."""
    width = max(len(cell) for row in words() for cell in row) + 2
    lines(drop / "a.txt", *("".join(cell.rjust(width) for cell in row) for row in words()), end="\r\n")


def blanks_and_tabs(drop: Path) -> None:
    """The rows have tabs, the header has blanks, and one field has both in its quotes."""
    header, first, *rest = words()
    lines(
        drop / "a.txt",
        "   ".join([*header[:-1], "tool", header[-1]]) + "  ",
        *("\t ".join([*row[:-1], '"Etch \t 2"', row[-1]]) for row in [first, *rest]),
    )


def marked_header(drop: Path) -> None:
    """As numpy writes a header."""
    header, *rows = words()
    lines(drop / "a.dat", "# made by line 7", "# " + " ".join(header), *map(" ".join, rows))


def row_names(drop: Path) -> None:
    """As R writes a table: the header has no name above the first column."""
    header, *rows = words()
    lines(drop / "a.txt", *(" ".join(f'"{cell}"' for cell in row) for row in [header[1:], *rows]))


def decimal_commas_between_blanks(drop: Path) -> None:
    header, *rows = words()
    lines(drop / "a.txt", *map(" ".join, [header, *with_commas(rows)]))


def thousands(sign: str, delimiter: str, decimal: str = ".") -> Callable[[Path], None]:
    def number(cell: str) -> str:
        return f"{float(cell):,.3f}".translate({44: sign, 46: decimal}) if cell else ""

    def write(drop: Path) -> None:
        rows = [[row[0], *(f'"{number(cell)}"' for cell in row[1:-1]), row[-1]] for row in table()]
        text(drop / "a.csv", HEADER, rows, delimiter)

    return write


def second_sheet(drop: Path) -> None:
    cover = ["Line 7", "November"]
    sheets({"Cover": [cover], "Data": [HEADER, *table()]}, drop / "a.xlsx")


def words_of_a_historian(drop: Path) -> None:
    rows = table()
    for n, word in enumerate(("No Data", "---", "I/O Timeout", "#DIV/0!")):
        rows[n][1 + n] = word
    text(drop / "a.csv", HEADER, rows)


def padded_missing_words(drop: Path) -> None:
    text(drop / "a.csv", HEADER, [[cell or " NA " for cell in row] for row in table()], ", ")


def one_table_of_outcomes(drop: Path) -> None:
    """The outcomes of all files lie in one table, in another order."""
    rows = table()
    for n in range(3):
        text(drop / f"lot{n}.csv", HEADER[:-1], [row[:-1] for row in rows[n::3]])
    text(drop / "results.csv", ["Wafer", "Tester", "Result"], [[row[0], "T1", row[-1]] for row in reversed(rows)])


def month_names(drop: Path) -> None:
    for n in range(3):
        text(drop / f"Lot{n}_{5 + 7 * n:02}Nov2026.csv", HEADER, table()[n::3])


def two_tables_of_two_forms(drop: Path) -> None:
    rows = table("-1", "1")
    lines(drop / "secom.data", *("\t".join(cell or "NaN" for cell in row[1:-1]) for row in rows))
    lines(drop / "secom_labels.data", *(f'{row[-1]:>3}  "19/07/2008 11:55:00"' for row in rows))


def named(*names: str) -> Callable[[Path], None]:
    """The wafers in files with these names."""

    def write(drop: Path) -> None:
        for n, name in enumerate(names):
            text(drop / name, HEADER, table()[n :: len(names)])

    return write


def above(*cells: str) -> Callable[[Path], None]:
    """A line of groups or units above the names."""
    return lambda drop: text(drop / "a.csv", ["", *(cells * len(NUMBERED))[: len(NUMBERED)], ""], [HEADER, *table()])


def numbers_below_groups(drop: Path) -> None:
    groups, numbers = ["", *["Etch"] * 4, *["CVD"] * 4, ""], ["Time", *map(str, range(len(NUMBERED))), "Pass/Fail"]
    rows = [[f"2008-07-19 11:{n:02}:00", *row[1:]] for n, row in enumerate(table("-1", "1"))]
    text(drop / "a.csv", groups, [numbers, *rows])


def drawn(bar: str, top: str, middle: str, bottom: str) -> Callable[[Path], None]:
    """A table with bars around its columns, and lines drawn by these signs."""

    def write(drop: Path) -> None:
        rows = [f"{bar} " + f" {bar} ".join(f"{cell:<9}" for cell in row) + f" {bar}" for row in [HEADER, *table()]]
        rules = [
            line and line[0] + line[1].join([line[2] * 11] * len(HEADER)) + line[3] for line in (top, middle, bottom)
        ]
        lines(drop / "a.txt", *filter(None, [rules[0], rows[0], rules[1], *rows[1:], rules[2]]))

    return write


WEEKS = ("L1_2026W40.csv", "L2_2026W41.csv", "L3_2026W42.csv")
READ = [
    Strange("weeks", named(*WEEKS), {"file_name": {"form": "L*_{date}.csv", "date": "YYYYWww"}}),
    Strange("weeks before years", named("KW40_2026.csv", "KW53_2026.csv"), {"file_name": {"date": "KWww_YYYY"}}),
    Strange("seconds", named("e1764288000.csv", "e1764374400.csv"), {"file_name": {"date": "seconds"}}),
    Strange("milliseconds", named("e-1764288000123.csv"), {"file_name": {"date": "milliseconds"}}),
    Strange("groups above names", above("Etch", "CVD"), {"text": {"lines_before_header": 1}}),
    Strange("merged groups", above("Etch", "", "", "", "CVD", "", ""), {"text": {"lines_before_header": 1}}),
    Strange("units above names", above("mV", "sccm"), {"text": {"lines_before_header": 1}}),
    Strange("numbers below groups", numbers_below_groups, {"text": {"lines_before_header": 1}}),
    Strange("Markdown", drawn("|", "", "||-|", ""), {"text": {"delimiter": "|", "bars_around": True}}),
    Strange("a database's console", drawn("|", "++-+", "++-+", "++-+"), {"text": {"bars_around": True}}),
    Strange("a box", drawn("\u2502", "┌┬─┐", "├┼─┤", "└┴─┘"), {"text": {"bars_around": True}}),
    Strange("two tables of two forms", two_tables_of_two_forms, {"outcomes_table": {"delimiter": "whitespace"}}),
    Strange("months by name", month_names, {"file_name": {"form": "Lot*_{date}.csv", "date": "DDMMMYYYY"}}),
    Strange("aligned columns", aligned, {"text": {"delimiter": "whitespace"}}),
    Strange("blanks and tabs", blanks_and_tabs, {"text": {"delimiter": "whitespace"}}),
    Strange("a mark before the header", marked_header, {"text": {"header_mark": "#", "lines_before_header": 1}}),
    Strange("row names of R", row_names, {"text": {"row_names": True}}),
    Strange("decimal commas between blanks", decimal_commas_between_blanks, {"text": {"decimal": ","}}),
    Strange("American thousands", thousands(",", ","), {"text": {"thousands": ","}}),
    Strange("Swiss thousands", thousands("\u2019", ";"), {"text": {"thousands": "'"}}),
    Strange("German thousands", thousands(".", ";", ","), {"text": {"thousands": ".", "decimal": ","}}),
    Strange("the second sheet of a workbook", second_sheet, {"text": {"sheet": "Data"}}),
    Strange("words of a historian", words_of_a_historian),
    Strange("blanks around missing words", padded_missing_words),
    Strange("one table of outcomes", one_table_of_outcomes, {"outcomes_table": {"file": "results.csv", "by": "id"}}),
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


def counted(drop: Path) -> None:
    """Neither the wafer's number nor the slot is a sensor."""
    rows = [["A7", str(1 + n), str(1 + n % 25), *row[1:]] for n, row in enumerate(table())]
    text(drop / "a.csv", ["Lot No.", "Wafer#", "Pos", *HEADER[1:]], [*rows, *(["B7", *row[1:]] for row in rows)])


GUESSED = [
    Strange("one file under two names", twice, {"columns": {"ignored": ["Result"]}}),
    Strange("a column twice", named_twice, {"columns": {"ignored": ["Sensor 1", "Result"]}}),
    Strange("half of the sensors silent", silent, {"silent_sensors": 0.5}),
    Strange("outcomes in any capitals", outcomes("Result", "PASS", "Pass", "fail", "FAIL")),
    Strange("outcomes as fractions", outcomes("Result", "-1.0", "1.0"), {"columns": {"ignored": ["Result"]}}),
    Strange("true and false", outcomes("Passed", "True", "False"), {"labels": {"True": "pass", "False": "fail"}}),
    Strange("defects", outcomes("Defect", "False", "True"), {"labels": {"False": "pass", "True": "fail"}}),
    Strange("defective", outcomes("is_defective", "FALSE", "TRUE"), {"labels": {"FALSE": "pass", "TRUE": "fail"}}),
    Strange("failed?", outcomes("Failed?", "No", "Yes"), {"labels": {"No": "pass", "Yes": "fail"}}),
    Strange("scrapped", outcomes("Scrapped", "n", "y"), {"labels": {"n": "pass", "y": "fail"}}),
    Strange("a yield of 0 and 1", outcomes("Yield", "1", "0"), {"labels": {1: "pass", 0: "fail"}}),
    Strange("a number with a sign", counted, {"columns": {"context": ["Lot No.", "Pos"], "ignored": ["Result"]}}, 60),
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


def test_columns_that_groups_tell_apart_are_read_once_their_names_stand_in_one_line(tmp_path: Path) -> None:
    names = [*["Temp", "Flow", "Bias", "Gap"] * 2]
    groups = ["Etch", "", "", "", "CVD", "", "", ""]
    draft = ("contract", "draft", tmp_path / "drop", "--output", tmp_path, "--force", "--json")
    (tmp_path / "drop").mkdir()

    text(tmp_path / "drop" / "a.csv", ["", *groups, ""], [["Wafer", *names, "Result"], *table()])
    refused = wafer(*draft).err
    joined = [f"{'Etch' if n < 4 else 'CVD'} {name}" for n, name in enumerate(names)]
    text(tmp_path / "drop" / "a.csv", ["Wafer", *joined, "Result"], table())
    told = wafer(*draft).json

    assert "write both into one line in the export, as in `Etch Temp`, and draft again" in refused
    assert [each["rows_good"] for each in told["verdicts"]] == [WAFERS]


def test_a_week_without_a_year_is_no_date_until_the_year_is_there(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    named("L1_WW40.csv", "L2_WW41.csv")(tmp_path / "drop")
    draft = ("contract", "draft", tmp_path / "drop", "--output", tmp_path, "--force", "--json")

    asked = " ".join(wafer(*draft).json["unsure"])
    for file in list((tmp_path / "drop").iterdir()):
        file.rename(file.with_name(file.name.replace("WW", "2026W")))
    told = " ".join(wafer(*draft).json["unsure"])

    assert "Put the year before the week, as in `2026W40`, and draft again." in asked
    assert "Weeks in file names are read as YYYYWww, as ISO 8601 counts them" in told


@pytest.mark.parametrize("word", ["inf", "1.#INF", "<0.01", "OVERFLOW", "> 2000"])
def test_a_sensor_that_often_holds_a_word_is_still_a_sensor(word: str, tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    rows = [[row[0], word, *row[2:]] if n % 6 == 0 else row for n, row in enumerate(table())]
    text(tmp_path / "drop" / "a.csv", HEADER, rows)
    draft = ("contract", "draft", tmp_path / "drop", "--output", tmp_path, "--json")
    policy = tmp_path / "contract.yaml"

    told = wafer(*draft).json
    cured = yaml.safe_load(policy.read_text()) | {"readings": {"missing": [word]}}
    policy.write_text(yaml.safe_dump(cured))
    check = ("contract", "check", tmp_path / "drop", "--schema", tmp_path / "schema_training.json", "--policy", policy)
    checked = wafer(*check, "--json").json

    assert f'add "{word}" under `readings: {{missing: […]}}`' in " ".join(told["unsure"])
    assert [each["rows_good"] for each in told["verdicts"]] == [WAFERS - 5]
    assert [each["rows_good"] for each in checked["files"]] == [WAFERS]


def test_several_rows_a_wafer_are_asked_about_and_their_means_are_read(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    rows = [[row[0], str(site), *row[1:]] for row in table() for site in (1, 2, 3)]
    path = tmp_path / "drop" / "a.csv"
    text(path, ["Wafer", "Site", *HEADER[1:]], rows)
    draft = ("contract", "draft", tmp_path / "drop", "--output", tmp_path, "--force", "--json")

    asked = " ".join(wafer(*draft).json["unsure"])
    pd.read_csv(path).groupby(["Wafer", "Result"], as_index=False).mean(numeric_only=True).to_csv(path, index=False)
    told = wafer(*draft).json

    assert "`Wafer` stands in several rows, told apart by `Site`" in asked
    assert '`table.groupby(["Wafer", OUTCOME], as_index=False).mean(numeric_only=True)`' in asked
    assert [each["rows_good"] for each in told["verdicts"]] == [WAFERS]
    assert not any("stands in several rows" in doubt for doubt in told["unsure"])


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("ts", "17642880{:02}"),
        ("Logged", "17642880{:02}"),
        ("Start", "459{:02}.5"),
        ("Tester", "7"),
        ("Device", "41{:02}"),
    ],
)
def test_times_and_names_in_numbers_are_no_sensors(column: str, cell: str, tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    rows = [[row[0], cell.format(7 * n % 100), *row[1:]] for n, row in enumerate(table())]
    text(tmp_path / "drop" / "a.csv", ["Wafer", column, *HEADER[1:]], rows)

    told = wafer("contract", "draft", tmp_path / "drop", "--output", tmp_path, "--json").json

    policy = yaml.safe_load((tmp_path / "contract.yaml").read_text())
    assert policy["columns"]["context"] == [column]
    assert f"though they are numbers: `{column}`" in " ".join(told["unsure"])


@pytest.mark.parametrize("name", ["Yield", "Yield [%]", "Wafer yield", "Good dies", "fail_count"])
def test_a_yield_is_no_sensor_and_becomes_an_outcome_by_a_limit(name: str, tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    numbers = [str(99 - n) for n in range(WAFERS)]
    header = [*HEADER[:-1], name]
    rows = [[*row[:-1], number] for row, number in zip(table(), numbers, strict=True)]
    draft = ("contract", "draft", tmp_path / "drop", "--output", tmp_path, "--force", "--json")

    text(tmp_path / "drop" / "a.csv", header, rows)
    asked = " ".join(wafer(*draft).json["unsure"])
    judged = [[*row, "pass" if int(row[-1]) >= 75 else "fail"] for row in rows]
    text(tmp_path / "drop" / "a.csv", [*header, "Result"], judged)
    told = wafer(*draft).json
    policy = yaml.safe_load((tmp_path / "contract.yaml").read_text())

    assert f"`{name}` has 30 values, and an outcome has two. Add a column `Result`" in asked
    assert '`=IF(J2>=LIMIT, "pass", "fail")`, and draft again' in asked
    assert [each["rows_good"] for each in told["verdicts"]] == [WAFERS]
    assert policy["columns"]["context"] == [name]


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


def rewritten(sign: str, by: str, number: str) -> Callable[[Path], None]:
    """Every reading is one that looks like a number to a person."""
    cells = [number.replace(sign, by)] * len(NUMBERED)
    return lambda drop: text(drop / "a.csv", HEADER, [[row[0], *cells, row[-1]] for row in table()], ";")


def archive(drop: Path) -> None:
    with zipfile.ZipFile(drop / "lots.zip", "w") as packed:
        packed.writestr("a.csv", "Wafer,Sensor 1\nW1,2\n")


REFUSED: dict[str, Callable[[Path], None]] = {
    "stands on its side": sideways,
    "Pivot the table": long_form,
    "has a header but not a single row": lambda drop: text(drop / "a.csv", HEADER, []),
    "minus sign (U+2212) is that of a text. Export numbers with `-`": rewritten("-", "\u2212", "-1500.5"),
    "its exponents are Fortran's. Export them with E": rewritten("E", "D", "1.5E+03"),
    "the `'` makes it a text of a spreadsheet. Export the values": rewritten("1", "'1", "1500"),
    "its unit stands in the field. Export the numbers alone": rewritten("V", " mV", "1.5V"),
    "it is a formula of a spreadsheet. Export the values": rewritten("1500", '="1500"', "1500"),
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


def test_ids_that_are_formulas_are_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    text(tmp_path / "drop" / "a.csv", HEADER, [[f'="{row[0]}"', *row[1:]] for row in table()])

    (judged,) = wafer("contract", "draft", tmp_path / "drop", "--output", tmp_path, "--json").json["verdicts"]

    assert "formulas of a spreadsheet: export them as text, without `=` and quotes" in " ".join(judged["messages"])


def test_numbers_that_are_none_are_asked_about(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    rows = [[*row[:-1], "-9999", "93.5 %", str(n / 30), row[-1]] for n, row in enumerate(table())]
    text(tmp_path / "drop" / "a.csv", [*HEADER[:-1], "Flow", "Humidity", "Yield", "Result"], rows)

    told = wafer("contract", "draft", tmp_path / "drop", "--output", tmp_path, "--json").json

    asked = " ".join(told["unsure"])
    assert '"-9999" under `readings: {missing: […]}`' in asked
    assert "`Humidity` (`93.5 %`)" in asked
    assert "though they are numbers: `Yield`" in asked
