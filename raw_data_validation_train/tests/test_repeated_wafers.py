"""The same wafer more than once: kept once when equal, not at all when it contradicts itself."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raw_data_validation_train.duplicates import Fingerprints, find_repeats
from raw_data_validation_train.tests.corpus import Batch, Row, batch, wafer
from raw_data_validation_train.tests.drop import accepted_wafers, validate

FIRST, SECOND, THIRD = "wafer_01022021_120000", "wafer_02022021_120000", "wafer_03022021_120000"


def validate_rows(tmp_path: Path, **files: list[Row]) -> dict[str, Any]:
    (tmp_path / "drop").mkdir(parents=True)
    for stem, rows in files.items():
        (tmp_path / "drop" / f"{stem}.csv").write_bytes(Batch(1, batch(1).header, rows).data())
    return validate(tmp_path / "drop", tmp_path)


def changed(row: Row, at: int, text: str) -> Row:
    return [*row[:at], text, *row[at + 1 :]]


def found(manifest: dict[str, Any]) -> list[tuple[str, int, str]]:
    return [(Path(row["file"]).stem, row["line"], row["code"]) for row in manifest["rows"]]


def test_equal_wafers_in_two_files_are_kept_in_the_first_by_name(tmp_path: Path) -> None:
    a, b, c = (wafer(name, n) for n, name in enumerate("abc"))

    manifest = validate_rows(tmp_path, **{SECOND: [b, c], FIRST: [a, b]})

    assert accepted_wafers(tmp_path) == {FIRST: ["a", "b"], SECOND: ["c"]}
    assert found(manifest) == [(SECOND, 2, "DUPLICATE_WAFER")]
    assert f"{FIRST}.csv, line 3" in manifest["rows"][0]["message"]


def test_wafers_that_differ_between_files_are_kept_in_none(tmp_path: Path) -> None:
    a, b, c = (wafer(name, n) for n, name in enumerate("abc"))

    manifest = validate_rows(tmp_path, **{FIRST: [a, b], SECOND: [changed(b, 300, "0.5"), c], THIRD: [b]})

    assert accepted_wafers(tmp_path) == {FIRST: ["a"], SECOND: ["c"]}
    assert found(manifest) == [
        (FIRST, 3, "CONFLICTING_WAFER"),
        (SECOND, 2, "CONFLICTING_WAFER"),
        (THIRD, 2, "CONFLICTING_WAFER"),
    ]
    assert [file["codes"] for file in manifest["files"]] == [[], [], ["NO_GOOD_ROWS"]]


def test_a_missing_reading_is_not_equal_to_zero(tmp_path: Path) -> None:
    a = changed(wafer("a", 1), 200, "0")

    manifest = validate_rows(tmp_path, **{FIRST: [wafer("z", 0), a], SECOND: [wafer("y", 2), changed(a, 200, "")]})

    assert {code for _, _, code in found(manifest)} == {"CONFLICTING_WAFER"}


@pytest.mark.parametrize("text", ["-0", "0.0", "+0", "0e5", "00"])
def test_another_spelling_of_the_same_number_is_equal(tmp_path: Path, text: str) -> None:
    a = changed(wafer("a", 1), 200, "0")

    manifest = validate_rows(tmp_path, **{FIRST: [wafer("z", 0), a], SECOND: [wafer("y", 2), changed(a, 200, text)]})

    assert {code for _, _, code in found(manifest)} == {"DUPLICATE_WAFER"}


def test_a_difference_that_no_model_sees_is_a_repeat_and_no_conflict(tmp_path: Path) -> None:
    a = changed(wafer("a", 1), 200, "1.279")
    longer = changed(a, 200, "1.2790000000000001")
    seen = changed(a, 200, "1.2790002")  # another float32

    repeat = validate_rows(tmp_path / "repeat", **{FIRST: [wafer("z", 0), a], SECOND: [wafer("y", 2), longer]})
    conflict = validate_rows(tmp_path / "conflict", **{FIRST: [wafer("z", 0), a], SECOND: [wafer("y", 2), seen]})

    assert accepted_wafers(tmp_path / "repeat") == {FIRST: ["z", "a"], SECOND: ["y"]}
    assert found(repeat) == [(SECOND, 3, "DUPLICATE_WAFER")]
    assert {code for _, _, code in found(conflict)} == {"CONFLICTING_WAFER"}


def test_readings_that_changed_places_are_not_equal(tmp_path: Path) -> None:
    a = wafer("a", 1)
    swapped = changed(changed(a, 200, a[201]), 201, a[200])

    manifest = validate_rows(tmp_path, **{FIRST: [wafer("z", 0), a], SECOND: [wafer("y", 2), swapped]})

    assert {code for _, _, code in found(manifest)} == {"CONFLICTING_WAFER"}


def test_a_bad_row_does_not_spoil_the_good_row_of_the_same_wafer(tmp_path: Path) -> None:
    a, b = wafer("a", 0), wafer("b", 1)

    manifest = validate_rows(tmp_path, **{FIRST: [a, b, changed(a, 9, "broken")]})

    assert accepted_wafers(tmp_path) == {FIRST: ["a", "b"]}
    assert found(manifest) == [(FIRST, 4, "NOT_A_NUMBER")]


def test_wafers_of_a_refused_file_do_not_count_as_repeated(tmp_path: Path) -> None:
    a = wafer("a", 0)

    manifest = validate_rows(tmp_path, **{FIRST: [a], "Wafer_copy": [changed(a, 9, "4711")]})

    assert accepted_wafers(tmp_path) == {FIRST: ["a"]}
    assert manifest["rows"] == []


def test_a_copy_of_a_file_changes_nothing_in_the_good_data(tmp_path: Path) -> None:
    rows = [wafer(name, n) for n, name in enumerate("abc")]

    manifest = validate_rows(tmp_path / "copied", **{FIRST: rows, SECOND: rows})
    validate_rows(tmp_path / "alone", **{FIRST: rows})

    one, two = (tmp_path / name / "accepted" / f"{FIRST}.parquet" for name in ("copied", "alone"))
    assert accepted_wafers(tmp_path / "copied") == {FIRST: ["a", "b", "c"]}
    assert one.read_bytes() == two.read_bytes()
    copy = manifest["files"][1]
    assert (copy["codes"], copy["rows_quarantined"]) == (["NO_GOOD_ROWS"], 3)
    assert copy["messages"] == [
        f"Not one of 3 rows can be used: 3 DUPLICATE_WAFER. They all stand in `{FIRST}.csv` already."
    ]


def test_rows_listed_before_and_repeated_rows_stand_in_the_order_of_their_lines(tmp_path: Path) -> None:
    a, b, c = (wafer(name, n) for n, name in enumerate("abc"))

    manifest = validate_rows(tmp_path, **{FIRST: [a, b], SECOND: [changed(c, 0, ""), a, changed(c, 5, "x"), b, c]})

    assert found(manifest) == [
        (SECOND, 2, "WAFER_ID"),
        (SECOND, 3, "DUPLICATE_WAFER"),
        (SECOND, 4, "NOT_A_NUMBER"),
        (SECOND, 5, "DUPLICATE_WAFER"),
    ]


def test_repeats_are_found_like_by_counting(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        files = [rng.integers(0, 12, (rng.integers(0, 8), 2)) for _ in range(4)]  # few ids, so many meet
        files = [np.column_stack([rows[:, 0], rows[:, 1] % 2]) for rows in files]

        repeats = find_repeats([_fingerprints(rows) for rows in files])

        every = [(file, row, *map(int, cells)) for file, rows in enumerate(files) for row, cells in enumerate(rows)]
        expected: dict[int, list[tuple[int, bool]]] = {}
        for file, row, wafer_id, value in every:
            same = [other for other in every if other[2] == wafer_id]
            conflict = any(other[3] != value for other in same)
            if conflict or (file, row) != same[0][:2]:
                expected.setdefault(file, []).append((row, conflict))
        assert {
            file: list(zip(each.rows.tolist(), each.conflicting.tolist(), strict=True))
            for file, each in repeats.items()
        } == expected
        for file, each in repeats.items():
            for n, row in enumerate(each.rows):
                there = files[each.other_file[n]][each.other_line[n]]
                assert there[0] == files[file][row][0]
                assert (each.other_file[n], each.other_line[n]) != (file, row)


def _fingerprints(rows: np.ndarray[Any, np.dtype[np.int64]]) -> Fingerprints:
    ids = np.column_stack([rows[:, 0] % 3, rows[:, 0]]).astype(np.uint64)
    return Fingerprints(ids, rows[:, 1].astype(np.uint64), np.arange(len(rows), dtype=np.uint32))
