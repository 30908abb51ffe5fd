"""Batches in the forms that other lines export, each with the policy under which every wafer of it is good."""

import codecs
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from itertools import count

from raw_data_validation_train.tests.corpus import Batch, Case, Row, batch

Change = Callable[[Batch], bytes]


def other_forms() -> tuple[Case, ...]:
    """Inputs that are refused as they are, and good under a policy that says their form."""
    return tuple(_cases(count(600)))


def _cases(numbers: Iterator[int]) -> Iterator[Case]:
    def case(title: str, change: Change, policy: Mapping[str, object], *, name: str = "") -> Case:
        made = batch(next(numbers))
        return Case(title, name or made.name(), change(made), policy=json.dumps(policy))

    yield case("semicolons", lambda made: made.data(separator=";"), {"text": {"delimiter": ";"}})
    yield case(
        "semicolons with decimal commas",
        lambda made: made.data(separator=";").replace(b".", b","),
        {"text": {"delimiter": ";", "decimal": ","}},
    )
    yield case("tabs", lambda made: made.data(separator="\t"), {"text": {"delimiter": "\t"}})
    yield case("bars", lambda made: made.data(separator="|"), {"text": {"delimiter": "|"}})
    yield case(
        "quoted decimal commas",
        lambda made: _cells(made, lambda row: [f'"{cell.replace(".", ",")}"' for cell in row]).data(),
        {"text": {"decimal": ","}},
    )
    yield case(
        "thousands",
        lambda made: _readings(made, lambda _: "12.345,5").data(separator=";"),
        {"text": {"delimiter": ";", "decimal": ",", "thousands": "."}},
    )
    yield case("UTF-16", lambda made: made.text().encode("utf-16"), {"text": {"encoding": "utf-16"}})
    yield case(
        "Latin-1",
        lambda made: (
            _header(made, lambda name: name.replace("Sensor-1", "Temp °C") if name == "Sensor-1" else name)
            .text()
            .encode("latin-1")
        ),
        {"text": {"encoding": "latin-1"}, "columns": {"aliases": {"Sensor - 1": ["Temp °C"]}}},
    )
    yield case("gzip", lambda made: gzip.compress(made.data(), mtime=0), {"text": {"compression": "gzip"}})
    yield case(
        "a line sep=;",
        lambda made: b"\xef\xbb\xbfsep=;\r\n" + made.data(separator=";"),
        {"text": {"delimiter": ";", "lines_before_header": 1}},
    )
    yield case(
        "no header, blanks between",
        lambda made: _body(made, lambda row: [cell or "NaN" for cell in row[1:]]),
        {
            "text": {"delimiter": " ", "header": False},
            "readings": {"missing": ["NaN"]},
            "wafer_id_from": "{file}-{row}",
        },
    )
    yield case(
        "aligned columns",
        lambda made: codecs.BOM_UTF8 + _aligned(made),
        {"text": {"delimiter": "whitespace"}, "readings": {"missing": ["NaN"]}},
    )
    yield case("bars around", _drawn, {"text": {"delimiter": "|", "bars_around": True}})
    yield case(
        "a mark before the header",
        lambda made: b"# " + _body_with_header(made, "\t"),
        {"text": {"delimiter": "\t", "header_mark": "#"}, "readings": {"missing": ["NaN"]}, "columns": {"id": ["id"]}},
    )
    yield case(
        "row names of R",
        lambda made: _body_with_header(made, " ").removeprefix(b"id "),
        {"text": {"delimiter": " ", "row_names": True}, "readings": {"missing": ["NaN"]}},
    )
    yield case("labels 0 and 1", lambda made: _labels(made, "0", "1"), {"labels": {"0": "pass", "1": "fail"}})
    yield case("words", lambda made: _labels(made, "Pass", "Fail"), {"labels": {"Pass": "pass", "Fail": "fail"}})
    yield case("the text NaN", lambda made: _missing(made, "NaN"), {"readings": {"missing": ["NaN"]}})
    yield case("underscores", lambda made: _respelled(made, "Sensor_{}"), {"columns": {"sensors": ["Sensor_{n}"]}})
    yield case("three digits", lambda made: _respelled(made, "s{:03}"), {"columns": {"sensors": ["s{n:03}"]}})
    yield case("capitals", lambda made: _respelled(made, "SENSOR {}"), {"columns": {"spelling": "loose"}})
    yield case(
        "lot and time",
        lambda made: _with(made, {1: ("Lot", "L17"), 9: ("Time", "2008-07-19 11:55:00"), 0: ("tool_a", "x,y")}),
        {"columns": {"ignored": ["Lot", "Time", "tool_*"]}},
    )
    yield case(
        "every other column",
        lambda made: _with(made, {3: ("Lot", "L17"), 9: ("Sensor-0", "abc")}),
        {"columns": {"ignored": ["*"]}},
    )
    yield case(
        "the index of a table",
        lambda made: _with(_header(made, lambda name: name or "Wafer"), {0: ("", "4")}),
        {"columns": {"ignored": [""]}},
    )
    yield case(
        "empty columns at the end", lambda made: _ended(made, ",,", ",,"), {"columns": {"trailing_empty": "drop"}}
    )
    yield case("a comma after every row", lambda made: _ended(made, "", ","), {"columns": {"trailing_empty": "drop"}})
    yield case(
        "lot and slot",
        lambda made: _with(_slots(made), {1: ("Lot", "L 17")}),
        {"columns": {"ignored": ["Lot"]}, "wafer_id_from": "{Lot}-{id}"},
    )
    yield case("slots of a file", lambda made: _slots(made).data(), {"wafer_id_from": "{file}:{id}"})
    yield case("no id", lambda made: _cells(made, lambda row: row[1:]).data(), {"wafer_id_from": "{file}:{row}"})
    year_first = {"file_name": {"date": "YYYYMMDD"}}
    yield case("year first", lambda made: made.data(), year_first, name="wafer_20211231_120000.csv")
    named = {"file_name": {"form": "{time}-{date}*.txt", "date": "YYYY-MM-DD", "time": "HHMM"}}
    yield case("stamps in front", lambda made: made.data(), named, name="2359-2021-12-31 lot 7.txt")
    yield case("any name", lambda made: made.data(), {"file_name": {"form": "*"}}, name="lot_L17")


def _cells(made: Batch, change: Callable[[Row], Row]) -> Batch:
    return Batch(made.number, change(made.header), [change(row) for row in made.rows])


def _header(made: Batch, change: Callable[[str], str]) -> Batch:
    return Batch(made.number, [change(name) for name in made.header], made.rows)


def _readings(made: Batch, change: Callable[[str], str]) -> Batch:
    return Batch(made.number, made.header, [[row[0], *map(change, row[1:-1]), row[-1]] for row in made.rows])


def _respelled(made: Batch, sensor: str) -> bytes:
    return Batch(
        made.number,
        [*(["WAFER"] if sensor.isupper() else [""]), *(sensor.format(n) for n in range(1, 591)), made.header[-1]],
        made.rows,
    ).data()


def _labels(made: Batch, good: str, bad: str) -> bytes:
    words = {"-1": good, "1": bad}
    return Batch(made.number, made.header, [[*row[:-1], words[row[-1]]] for row in made.rows]).data()


def _missing(made: Batch, text: str) -> bytes:
    return _readings(made, lambda cell: cell or text).data()


def _body(made: Batch, change: Callable[[Row], Row]) -> bytes:
    return "".join(" ".join(change(row)) + "\n" for row in made.rows).encode()


def _slots(made: Batch) -> Batch:
    return Batch(made.number, made.header, [[str(n), *row[1:]] for n, row in enumerate(made.rows, start=1)])


def _with(made: Batch, columns: dict[int, tuple[str, str]]) -> bytes:
    def wider(row: Row, place: int) -> Row:
        for at, pair in columns.items():
            cell = pair[place]
            row = [*row[:at], f'"{cell}"' if "," in cell else cell, *row[at:]]
        return row

    return Batch(made.number, wider(made.header, 0), [wider(row, 1) for row in made.rows]).data()


def _as_words(made: Batch) -> list[list[str]]:
    """Header and rows with no empty field."""
    return [["id", *made.header[1:]], *([cell or "NaN" for cell in row] for row in made.rows)]


def _drawn(made: Batch) -> bytes:
    """As MySQL prints a table; it has no name of the id."""
    header, *rows = [[cell or " " for cell in line.split(",")] for line in made.text().splitlines()]
    rule = "+" + "-----+" * len(header)
    lines = ("|" + "".join(f" {cell:>12} |" for cell in row) for row in rows)
    return "\r\n".join([rule, "| " + " | ".join(header) + " |", rule, *lines, rule, ""]).encode()


def _aligned(made: Batch) -> bytes:
    """Fields below each other: without a name of the id, which the header then lacks."""
    header, *rows = _as_words(made)
    lines = ("".join(cell.rjust(14) for cell in row) for row in [['""', *header[1:]], *rows])
    return "".join(f"{line} \r\n" for line in lines).encode()


def _body_with_header(made: Batch, separator: str) -> bytes:
    return "".join(separator.join(row) + "\n" for row in _as_words(made)).encode()


def _ended(made: Batch, header: str, row: str) -> bytes:
    first, *rest = made.text().splitlines()
    return "".join(f"{line}\r\n" for line in (first + header, *(each + row for each in rest))).encode()
