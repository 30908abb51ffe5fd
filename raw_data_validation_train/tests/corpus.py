"""A corpus of good and bad batch files, made in code: every case says what the validation must find in it.

`accept()` are inputs whose every row must be accepted; `reject()` are inputs of which a file code or a row code is
expected. Names and wafer ids differ between cases, so all of them can lie in one folder.
"""

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path

SENSORS = 590
ROWS = 6
Row = list[str]


@dataclass(frozen=True)
class Case:
    """One input: file name, bytes, and the expected verdict; `rows` counts quarantined rows of a good file by code."""

    title: str
    file: str
    data: bytes
    codes: tuple[str, ...] = ()
    rows: dict[str, int] = field(default_factory=dict)
    rows_in: int = ROWS
    kind: str = "training"
    policy: str = ""

    def __str__(self) -> str:
        return self.title

    @property
    def is_ordinary(self) -> bool:
        """Whether the case can lie in a drop of labelled batches under the shipped policy."""
        return self.kind == "training" and not self.policy


@dataclass(frozen=True)
class Batch:
    """The parts of a batch file before it is written; `header` and `rows` hold the cells."""

    number: int
    header: Row
    rows: list[Row]

    def name(self) -> str:
        moment = datetime(2021, 1, 1, 0, 0, 1) + timedelta(hours=self.number)  # noqa: DTZ001 - as in file names
        return moment.strftime("wafer_%d%m%Y_%H%M%S.csv")

    def text(self, *, newline: str = "\r\n", separator: str = ",") -> str:
        return "".join(separator.join(row) + newline for row in (self.header, *self.rows))

    def data(self, **form: str) -> bytes:
        return self.text(**form).encode()

    def lines(self) -> list[str]:
        return self.text().splitlines(keepends=True)


def batch(number: int, rows: int = ROWS, *, labelled: bool = True) -> Batch:
    """A batch as the line writes it, with readings that differ in every cell and two that are missing."""
    header = ["", *(f"Sensor-{n}" for n in range(1, SENSORS + 1)), *(["Good/Bad"] if labelled else [])]
    body = [wafer(f"C{number}-{n}", n, labelled=labelled) for n in range(rows)]
    return Batch(number, header, body)


def wafer(name: str, seed: int, *, labelled: bool = True) -> Row:
    """One row: id, readings, label (every third wafer fails)."""
    return [name, *_readings(seed), *(["1" if seed % 3 == 0 else "-1"] if labelled else [])]


@cache
def _readings(seed: int) -> tuple[str, ...]:
    readings = [f"{(seed * 37 + n * 11) % 9973 / 100:g}" for n in range(SENSORS)]
    readings[seed % 7] = readings[100 + seed % 5] = ""
    return tuple(readings)


@cache
def accept() -> tuple[Case, ...]:
    """Inputs that must be accepted whole."""
    return tuple(_accept(count(1)))


@cache
def reject() -> tuple[Case, ...]:
    """Inputs of which a file or rows must be refused."""
    return (*_bad_names(count(100)), *_bad_bytes(count(200)), *_bad_tables(count(300)), *_bad_rows(count(400)))


def write(cases: Sequence[Case], folder: Path) -> None:
    """Write the files of some cases into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for case in cases:
        (folder / case.file).write_bytes(case.data)


def _accept(numbers: Iterator[int]) -> Iterator[Case]:
    def case(title: str, change: Callable[[Batch], bytes], **expected: object) -> Case:
        made = batch(next(numbers))
        return Case(title, made.name(), change(made), **expected)  # type: ignore[arg-type]

    def cells(change: Callable[[Row], Row]) -> Callable[[Batch], bytes]:
        def changed(made: Batch) -> bytes:
            change(made.rows[2])
            return made.data()

        return changed

    yield case("as the line writes it", lambda made: made.data())
    yield case("lines end with LF", lambda made: made.data(newline="\n"))
    yield case("lines end with CR", lambda made: made.data(newline="\r"))
    yield case("UTF-8 BOM", lambda made: b"\xef\xbb\xbf" + made.data())
    yield case("no line end at the end", lambda made: made.data().rstrip())
    yield case("blank lines at the end", lambda made: made.data() + b"\r\n\r\n\r\n")
    yield case("blank lines in between", lambda made: "\r\n".join(made.lines()).encode())
    yield case("other column order", lambda made: _reordered(made).data())
    yield case("the schema's own spelling", lambda made: _respelled(made, "Wafer", "Sensor - {}", "Output").data())
    yield case("the spelling of an index column", lambda made: _respelled(made, "Unnamed: 0", "Sensor-{}").data())
    yield case("everything quoted", lambda made: _quoted(made))
    yield case("quoted ids only", lambda made: _columns(made, lambda row: [f'"{row[0]}"', *row[1:]]).data())
    yield case(
        "numbers with exponents and signs",
        cells(lambda row: _set(row, {1: "+1.5", 2: "1e-3", 3: "-2.5E+4", 4: ".5", 5: "5."})),
    )
    yield case("numbers padded with blanks", cells(lambda row: _set(row, {1: " 1.5", 2: "1.5 ", 3: "\t2"})))
    yield case("fields of blanks are missing", cells(lambda row: _set(row, {1: " ", 2: "  \t"})))
    yield case("a number with very many digits", cells(lambda row: _set(row, {1: "0." + "3" * 500})))
    yield case("the largest 32-bit float", cells(lambda row: _set(row, {1: "3.4028234e38", 2: "-3.4028234e38"})))
    yield case("a number too small for a float", cells(lambda row: _set(row, {1: "1e-400"})))
    yield case("labels written as 1.0", cells(lambda row: _set(row, {-1: "1.0"})))
    yield case("every sign an id may have", cells(lambda row: _set(row, {0: "Lot_7.b:3/W-12"})))
    yield case("an id of 64 signs", cells(lambda row: _set(row, {0: "w" * 64})))
    yield case("37 silent sensors", lambda made: _silenced(made, 37).data())
    yield case("one wafer", lambda made: "".join(made.lines()[:2]).encode(), rows_in=1)
    made = batch(next(numbers))
    yield Case("29 February", "wafer_29022020_235959.csv", made.data())
    made = batch(next(numbers), labelled=False)
    yield Case("a file to predict", made.name(), made.data(), kind="prediction")
    made = batch(next(numbers))
    yield Case("a label in a file to predict", made.name(), made.data(), kind="prediction")
    made = batch(next(numbers))
    _set(made.rows[1], {3: "NULL"})
    yield Case(
        "a text the policy takes as missing", made.name(), made.data(), policy='{"readings": {"missing": ["NULL"]}}'
    )


def _bad_names(numbers: Iterator[int]) -> Iterator[Case]:
    wrong = {
        "a capital letter": "Wafer_08012021_120000.csv",
        "hyphens": "wafer-08012021-120000.csv",
        "a date of seven digits": "wafer_8012021_120000.csv",
        "a time of five digits": "wafer_08012021_12000.csv",
        "words for stamps": "wafer_fault_detection.csv",
        "a name before it": "lot7_wafer_08012021_120000.csv",
        "a copy's name": "wafer_08012021_120000 (1).csv",
        "a capital extension": "wafer_08012021_120000.CSV",
        "Arabic digits": "wafer_\u0660\u0668\u0660\u0661\u0662\u0660\u0662\u0661_120000.csv",
    }
    yield from _named({f"name with {title}": name for title, name in wrong.items()}, "FILE_NAME", numbers)
    yield Case("no CSV by its name", "readme.txt", b"read me", ("FILE_NAME",), rows_in=0)
    unreal = {
        "30 February": "wafer_30022021_120000.csv",
        "month 13": "wafer_01132021_120000.csv",
        "day 0": "wafer_00012021_120000.csv",
        "hour 24": "wafer_08012021_240000.csv",
        "minute 60": "wafer_08012021_126000.csv",
    }
    yield from _named({f"stamp of {title}": name for title, name in unreal.items()}, "FILE_STAMP", numbers)


def _named(names: dict[str, str], code: str, numbers: Iterator[int]) -> Iterator[Case]:
    for title, name in names.items():
        yield Case(title, name, batch(next(numbers)).data(), (code,))


def _bad_bytes(numbers: Iterator[int]) -> Iterator[Case]:
    def case(title: str, change: Callable[[Batch], bytes], *codes: str, **expected: object) -> Case:
        made = batch(next(numbers))
        return Case(title, made.name(), change(made), codes, **{"rows_in": 0, **expected})  # type: ignore[arg-type]

    yield case("no byte", lambda _: b"", "FILE_EMPTY")
    yield case("only a BOM", lambda _: b"\xef\xbb\xbf", "FILE_EMPTY")
    yield case("only blank lines", lambda _: b"\r\n\r\n \r\n", "FILE_EMPTY")
    yield case("only a header", lambda made: made.lines()[0].encode(), "FILE_EMPTY")
    yield case("too large", lambda made: made.data(), "FILE_TOO_LARGE", policy='{"limits": {"file_bytes": 1000}}')
    yield case("UTF-16 with BOM", lambda made: made.text().encode("utf-16"), "ENCODING")
    yield case("UTF-16 without BOM", lambda made: made.text().encode("utf-16-le"), "ENCODING")
    yield case("UTF-32", lambda made: made.text().encode("utf-32"), "ENCODING")
    yield case("Latin-1", lambda made: made.text().replace("C", "\xe9", 3).encode("latin-1"), "ENCODING")
    yield case("NUL in a cell", lambda made: made.data().replace(b"37", b"3\x007", 1), "ENCODING")
    yield case("NUL at the end", lambda made: made.data() + bytes(4096), "ENCODING")
    yield case("a character cut at the end", lambda made: made.data() + "é".encode()[:1], "ENCODING")
    yield case("gzip", lambda made: gzip.compress(made.data(), mtime=0), "NOT_CSV")
    yield case("zip", lambda made: _zipped(made), "NOT_CSV")
    yield case("semicolons", lambda made: made.data(separator=";"), "NOT_CSV")
    yield case("semicolons and decimal commas", lambda made: made.data(separator=";").replace(b".", b","), "NOT_CSV")
    yield case("tabs", lambda made: made.data(separator="\t"), "NOT_CSV")
    yield case("a quote without its end in the header", lambda made: b'"' + made.data(), "NOT_CSV")
    yield case("a header of very many columns", lambda _: b"," * 500_000 + b"\n1\n", "COLUMN_COUNT")
    yield case("a line without end", lambda _: b"1" * 3_000_000, "NOT_CSV")
    yield case("a page of HTML", lambda _: b"<html>\n<body>Not found</body>\n</html>\n", "NOT_CSV")
    yield case("JSON", lambda _: json.dumps({"wafer": 1, "sensor": 2}).encode(), "FILE_EMPTY", "HEADER")


def _bad_tables(numbers: Iterator[int]) -> Iterator[Case]:
    def case(title: str, change: Callable[[Batch], bytes], *codes: str, **expected: object) -> Case:
        made = batch(next(numbers))
        return Case(title, made.name(), change(made), codes, **expected)  # type: ignore[arg-type]

    yield case("no label", lambda made: _without(made, -1), "HEADER")
    yield case("no id", lambda made: _without(made, 0), "HEADER")
    yield case("a sensor missing", lambda made: _without(made, 17), "HEADER")
    yield case("a sensor of another name", lambda made: _renamed(made, 17, "Sensor-1700"), "HEADER")
    yield case("a sensor without a name", lambda made: _renamed(made, 17, ""), "HEADER")
    yield case("a sensor named twice", lambda made: _renamed(made, 17, "Sensor-18"), "HEADER")
    yield case("small letters", lambda made: made.data().replace(b"Sensor", b"sensor"), "HEADER")
    yield case("no header", lambda made: "".join(made.lines()[1:]).encode(), "HEADER", rows_in=ROWS - 1)
    yield case("one column more", lambda made: _with_column(made, "Remark"), "HEADER", "COLUMN_COUNT")
    yield case("a column twice", lambda made: _with_column(made, "Sensor-5"), "HEADER", "COLUMN_COUNT")
    yield case("a comma at every end", lambda made: _with_column(made, ""), "HEADER", "COLUMN_COUNT")
    yield case("two labels", lambda made: _with_column(made, "Output"), "HEADER", "COLUMN_COUNT")
    yield case("every row one field too long", lambda made: _ended(made, ","), "ROW_LENGTH")
    yield case("every row one value too long", lambda made: _ended(made, ",1"), "ROW_LENGTH")
    yield case("every row one field too short", lambda made: _shortened(made), "ROW_LENGTH")
    yield case("decimal commas", lambda made: made.lines()[0].encode() + _body(made).replace(b".", b","), "ROW_LENGTH")
    yield case("a third of the sensors silent", lambda made: _silenced(made, 200).data(), "SILENT_SENSORS")
    yield case(
        "one silent sensor under the strict rule",
        lambda made: _silenced(made, 1).data(),
        "SILENT_SENSORS",
        policy='{"silent_sensors": 0}',
    )
    yield case("no label known", lambda made: _each(made, -1, "0"), "NO_GOOD_ROWS")
    yield case("no id at all", lambda made: _each(made, 0, ""), "NO_GOOD_ROWS")
    yield case("quoted decimal commas", lambda made: _each(made, 9, '"1,5"'), "NO_GOOD_ROWS")
    yield case(
        "a sensor missing, others silent", lambda made: _without(_silenced(made, 200), 300), "HEADER", "SILENT_SENSORS"
    )
    made = batch(next(numbers))
    silent = _silenced(made, 200)
    yield Case(
        "name, header and silence", "Wafer_1.csv", _without(silent, -1), ("FILE_NAME", "HEADER", "SILENT_SENSORS")
    )


def _bad_rows(numbers: Iterator[int]) -> Iterator[Case]:
    def case(title: str, at: int, text: str, code: str) -> Case:
        made = batch(next(numbers))
        _set(made.rows[2], {at: text})
        return Case(title, made.name(), made.data(), rows={code: 1})

    for title, text in {
        "empty": "", "blank": " ", "of 65 signs": "w" * 65, "with an umlaut": "Wäfer", "a formula": "=1+1",
        "with a blank": "W 1", "with Arabic digits": "W\u0663", "with a quote in it": 'W"1"',
    }.items():  # fmt: skip
        yield case(f"id {title}", 0, text, "WAFER_ID")
    for text in (
        "abc", '"1,5"', "1_000", "0x10", "\u0663", "\uff11", "NULL", "N/A", "1'000", "1.2.3", "--1", "1e", "1 2",
        "True", "1d5", "Sensor-7", "\xa01", "1\u2212", "#REF!", '1"5"',
    ):  # fmt: skip
        yield case(f"reading {text!a}", 7, text, "NOT_A_NUMBER")
    for text in ("inf", "-inf", "Infinity", "nan", "NaN", "-nan", "+INF", "nan(7)"):
        yield case(f"reading {text}", 7, text, "NOT_FINITE")
    for text in ("1e308", "1e39", "-1e39", "1e400", "9" * 400):
        yield case(f"reading {text[:9]}", 7, text, "OUT_OF_RANGE")
    for text in ("0", "2", "good", "", "0x1", "1.5", "\u0661", "nan", "1e400", "--1"):
        yield case(f"label {text!a}", -1, text, "LABEL")
    made = batch(next(numbers))
    made.rows[2].append("7")
    yield Case("one row too long", made.name(), made.data(), rows={"ROW_LENGTH": 1})
    made = batch(next(numbers))
    made.rows[2].pop(100)
    yield Case("one row too short", made.name(), made.data(), rows={"ROW_LENGTH": 1})
    made = batch(next(numbers))
    _set(made.rows[2], {7: "1,5"})
    yield Case("one decimal comma", made.name(), made.data(), rows={"ROW_LENGTH": 1})
    made = batch(next(numbers))
    _set(made.rows[2], {7: '"1\n5"'})
    yield Case("a line end inside quotes", made.name(), made.data(), rows={"ROW_LENGTH": 2}, rows_in=ROWS + 1)
    made = batch(next(numbers))
    _set(made.rows[2], {0: '"C\n1"'})
    halves = {"WAFER_ID": 1, "ROW_LENGTH": 1}
    yield Case("a line end inside a quoted id", made.name(), made.data(), rows=halves, rows_in=ROWS + 1)
    made = batch(next(numbers))
    _set(made.rows[2], {7: '"1"5'})
    yield Case("a quote that ends too early", made.name(), made.data(), rows={"ROW_LENGTH": 1})
    made = batch(next(numbers))
    _set(made.rows[2], {7: '"15'})
    yield Case("a quote without its end", made.name(), made.data(), rows={"ROW_LENGTH": 1})
    made = batch(next(numbers))
    made.rows.insert(3, ["Wafer", *made.header[1:]])
    yield Case("the header repeated", made.name(), made.data(), rows={"NOT_A_NUMBER": 1}, rows_in=ROWS + 1)
    made = batch(next(numbers))
    made.rows.insert(3, ["total"])
    yield Case("a line of another kind", made.name(), made.data(), rows={"ROW_LENGTH": 1}, rows_in=ROWS + 1)
    made = batch(next(numbers))
    made.rows.append(made.rows[1])
    yield Case("a wafer twice", made.name(), made.data(), rows={"DUPLICATE_WAFER": 1}, rows_in=ROWS + 1)
    made = batch(next(numbers))
    made.rows.append(_set([*made.rows[1]], {200: "4711"}))
    yield Case(
        "a wafer twice with other readings", made.name(), made.data(), rows={"CONFLICTING_WAFER": 2}, rows_in=ROWS + 1
    )
    made = batch(next(numbers))
    made.rows.append(_set([*made.rows[1]], {-1: "1"}))
    yield Case(
        "a wafer twice with other labels", made.name(), made.data(), rows={"CONFLICTING_WAFER": 2}, rows_in=ROWS + 1
    )
    made = batch(next(numbers))
    for at, text in enumerate(("", "abc", "inf")):
        _set(made.rows[at], {at: text})
    yield Case("three bad rows", made.name(), made.data(), rows={"WAFER_ID": 1, "NOT_A_NUMBER": 1, "NOT_FINITE": 1})


def _set(row: Row, cells: dict[int, str]) -> Row:
    for at, text in cells.items():
        row[at] = text
    return row


def _columns(made: Batch, change: Callable[[Row], Row]) -> Batch:
    return Batch(made.number, change(made.header), [change(row) for row in made.rows])


def _reordered(made: Batch) -> Batch:
    return _columns(made, lambda row: [row[-1], *reversed(row[1:-1]), row[0]])


def _respelled(made: Batch, id_column: str, sensor: str, label: str = "Good/Bad") -> Batch:
    header = [id_column, *(sensor.format(n) for n in range(1, SENSORS + 1)), label]
    return Batch(made.number, header, made.rows)


def _quoted(made: Batch) -> bytes:
    return _columns(made, lambda row: [f'"{cell}"' for cell in row]).data()


def _silenced(made: Batch, sensors: int) -> Batch:
    for row in made.rows:
        row[1 : sensors + 1] = [""] * sensors
    return made


def _without(made: Batch, at: int) -> bytes:
    return _columns(made, lambda row: [cell for n, cell in enumerate(row) if n != at % len(row)]).data()


def _renamed(made: Batch, at: int, name: str) -> bytes:
    return Batch(made.number, _set([*made.header], {at: name}), made.rows).data()


def _with_column(made: Batch, name: str) -> bytes:
    return Batch(made.number, [*made.header, name], [[*row, "" if name == "" else "1"] for row in made.rows]).data()


def _each(made: Batch, at: int, text: str) -> bytes:
    for row in made.rows:
        row[at] = text
    return made.data()


def _body(made: Batch) -> bytes:
    return "".join(made.lines()[1:]).encode()


def _ended(made: Batch, end: str) -> bytes:
    return made.lines()[0].encode() + _body(made).replace(b"\r\n", f"{end}\r\n".encode())


def _shortened(made: Batch) -> bytes:
    return Batch(made.number, made.header, [row[:-1] for row in made.rows]).data()


def _zipped(made: Batch) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo(made.name()), made.data())
    return file.getvalue()
