"""What a whole drop must look like afterwards."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from raw_data_validation_train.stage import validate_batches, validate_source
from raw_data_validation_train.tests.corpus import Batch, batch
from raw_data_validation_train.tests.drop import accepted, validate
from raw_data_validation_train.verdicts import Validated
from wafer.contract import Contract, load_contract
from wafer.engine import Inline
from wafer.errors import NoGoodFiles, PublishConflict, SourceEmpty, SourceNotFound
from wafer.store import Batch as StoredBatch
from wafer.store import open_store, read_marker

GOOD = "wafer_01022021_120000"


def drop(folder: Path, **files: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for stem, data in files.items():
        (folder / f"{stem}.csv").write_bytes(data)
    return folder


def test_accepted_rows_carry_schema_names_nulls_and_their_origin(tmp_path: Path) -> None:
    made = batch(1)
    made.rows[0][2] = "-0.5"
    drop(tmp_path / "drop", **{GOOD: made.data()})

    manifest = validate(tmp_path / "drop", tmp_path)

    contract = load_contract("training")
    table = accepted(tmp_path, GOOD)
    assert table.column_names == list(contract.columns)
    assert {str(kind) for kind in table.schema.types} == {"string", "double", "int64"}
    told = parquet.read_metadata(tmp_path / "accepted" / f"{GOOD}.parquet").metadata
    assert told == {
        b"file": f"{GOOD}.csv".encode(),
        b"sha256": manifest["files"][0]["sha256"].encode(),
        b"contract": contract.digest.encode(),
        b"sensors": json.dumps(contract.sensors).encode(),
    }
    row = table.slice(0, 1).to_pylist()[0]
    assert (row["Wafer"], row["Sensor - 1"], row["Sensor - 2"], row["Output"]) == ("C1-0", None, -0.5, 1)


def test_labelled_batches_are_predicted_without_their_outcomes(tmp_path: Path) -> None:
    drop(tmp_path / "drop", **{GOOD: batch(1).data()})
    drop(tmp_path / "plain", **{GOOD: batch(1, labelled=False).data()})

    manifest = validate(tmp_path / "drop", tmp_path, kind="prediction")
    validate(tmp_path / "plain", tmp_path / "two", kind="prediction")

    assert manifest["files"][0]["warnings"] == ["`Good/Bad` is left out: a prediction does not read outcomes."]
    assert accepted(tmp_path, GOOD).equals(accepted(tmp_path / "two", GOOD))


def test_columns_in_another_order_give_the_same_rows(tmp_path: Path) -> None:
    made = batch(1)
    turned = [list(reversed(row)) for row in (made.header, *made.rows)]
    drop(tmp_path / "drop", **{GOOD: made.data()})
    drop(tmp_path / "turned", **{GOOD: Batch(1, turned[0], turned[1:]).data()})

    validate(tmp_path / "drop", tmp_path / "one")
    validate(tmp_path / "turned", tmp_path / "two")

    assert accepted(tmp_path / "one", GOOD).equals(accepted(tmp_path / "two", GOOD))


def test_a_repeated_attempt_replaces_what_a_killed_one_left(tmp_path: Path) -> None:
    drop(tmp_path / "drop", **{GOOD: batch(1).data()})
    left = tmp_path / "accepted"
    left.mkdir()
    for name in ("wafer_09022021_120000.parquet", ".part-8d1c"):
        (left / name).write_bytes(b"half a file")

    validate(tmp_path / "drop", tmp_path)

    assert [path.name for path in left.iterdir()] == [f"{GOOD}.parquet"]


def test_a_folder_in_use_is_never_written_into(tmp_path: Path) -> None:
    drop(tmp_path / "drop", **{GOOD: batch(1).data()})
    drop(tmp_path / "quarantine", thesis=b"mine")

    with pytest.raises(PublishConflict, match="choose an empty folder"):
        validate(tmp_path / "drop", tmp_path)

    assert (tmp_path / "quarantine" / "thesis.csv").read_bytes() == b"mine"


def validate_drop(folder: Path, also: str = "") -> Validated:
    """Validate `drop` as a run does; everything that is written lies in the folder."""
    return validate_source(
        str(folder / "drop"),
        load_contract("training"),
        Inline(),
        accepted=folder / "accepted",
        manifest=folder / "manifest",
        report=folder / "report",
        store=open_store(str(folder / "store")),
        run_id="r1",
        also=also,
    )


def test_when_nothing_is_good_the_reasons_are_written_before_the_error(tmp_path: Path) -> None:
    drop(tmp_path / "drop", Wafer_1=batch(1).data(), wafer_2=batch(2).data())

    with pytest.raises(NoGoodFiles, match="2 FILE_NAME"):
        validate_drop(tmp_path)

    kept = read_marker(open_store(str(tmp_path / "store")), "quarantine/r1").files
    assert sorted(kept) == ["Wafer_1.csv", "_manifest.json", "_report.html", "wafer_2.csv"]


def test_a_run_publishes_its_quarantine_and_says_what_it_counted(tmp_path: Path) -> None:
    made = batch(1)
    made.rows[1][0] = ""
    drop(tmp_path / "drop", **{GOOD: made.data()})
    store = open_store(str(tmp_path / "store"))

    for _ in range(2):  # the second time is a repeated stage: the same bytes, so no conflict
        result = validate_drop(tmp_path)

    assert result.counts() == {
        "files": 1, "files_good": 1, "files_bad": 0, "rows_in": 6, "rows_good": 5, "rows_quarantined": 1,
    }  # fmt: skip
    assert f"{GOOD}.rows.csv" in read_marker(store, "quarantine/r1").files


def test_a_drop_can_lie_in_two_places(tmp_path: Path) -> None:
    drop(tmp_path / "drop", **{GOOD: batch(1).data()})
    drop(tmp_path / "more", wafer_02022021_120000=batch(2).data(), wafer_03022021_120000=batch(1).data())

    result = validate_drop(tmp_path, also=str(tmp_path / "more"))

    counts = result.counts()
    assert counts["files"] == 3
    assert (counts["rows_in"], counts["rows_good"], counts["rows_quarantined"]) == (18, 12, 6)


def test_an_empty_folder_and_a_folder_without_csv_are_told_apart_from_a_missing_one(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    with pytest.raises(SourceEmpty):
        validate(tmp_path / "drop", tmp_path)

    (tmp_path / "drop" / "readme.txt").write_text("read me")
    with pytest.raises(SourceEmpty):
        validate(tmp_path / "drop", tmp_path)

    with pytest.raises(SourceNotFound):
        validate(tmp_path / "nowhere", tmp_path)


def test_a_file_that_vanished_is_named(tmp_path: Path, contract_training: Contract) -> None:
    gone = StoredBatch(f"{GOOD}.csv", str(tmp_path / f"{GOOD}.csv"), 10)

    with pytest.raises(SourceNotFound, match=f"{GOOD}.csv cannot be read"):
        validate_batches(
            [gone],
            contract_training,
            accepted=tmp_path / "accepted",
            manifest=tmp_path / "manifest.json",
            quarantine=tmp_path / "quarantine",
            report=tmp_path / "report.html",
        )


def test_a_file_that_may_not_be_read_is_refused_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "wafer_02012020_000000"
    source = drop(tmp_path / "drop", **{GOOD: batch(1).data(), secret: batch(2).data()})
    plain = Path.open

    def opened(path: Path, *given: Any, **named: Any) -> Any:  # noqa: ANN401 - root may read all, so it is refused here
        if path.name == f"{secret}.csv":
            raise PermissionError(13, "Permission denied", str(path))
        return plain(path, *given, **named)

    monkeypatch.setattr(Path, "open", opened)
    files = {file["name"]: file for file in validate(source, tmp_path)["files"]}

    assert files[f"{GOOD}.csv"]["verdict"] == "good"
    assert files[f"{secret}.csv"]["codes"] == ["UNREADABLE"]
    assert "Permission denied" in files[f"{secret}.csv"]["messages"][0]
    assert not (tmp_path / "quarantine" / f"{secret}.csv").exists()


def test_hidden_files_and_markers_are_no_part_of_a_drop_but_any_other_file_is(tmp_path: Path) -> None:
    source = drop(tmp_path / "drop", **{GOOD: batch(1).data()})
    for name in (".DS_Store", "_SUCCESS.json", "notes.txt"):
        (source / name).write_text("{}")

    manifest = validate(source, tmp_path)

    assert {file["name"]: file["codes"] for file in manifest["files"]} == {
        "notes.txt": ["FILE_NAME"],
        f"{GOOD}.csv": [],
    }


def test_a_strange_name_is_quarantined_and_reported_without_harm(tmp_path: Path) -> None:
    names = ["<script>alert(1)<script>.csv", "=1+1.csv", "new\nline.csv", 'quo"te.csv', "ü" * 120 + ".csv"]
    source = drop(tmp_path / "drop", **{GOOD: batch(1).data()})
    for name in names:
        (source / name).write_bytes(b"a,b\n1,2\n")

    manifest = validate(source, tmp_path)

    assert {file["name"] for file in manifest["files"]} == {*names, f"{GOOD}.csv"}
    assert len(list((tmp_path / "quarantine").iterdir())) == len(names)
    page = (tmp_path / "report.html").read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;script&gt;.csv" in page


def test_quarantined_rows_are_kept_with_their_reason_and_are_safe_to_open(tmp_path: Path) -> None:
    made = batch(1)
    made.rows[1][0] = "=HYPERLINK(1)"
    made.rows[3][5] = "-"
    drop(tmp_path / "drop", **{GOOD: made.data()})

    manifest = validate(tmp_path / "drop", tmp_path)

    with (tmp_path / "quarantine" / f"{GOOD}.rows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["file"], row["line"], row["wafer"], row["code"]) for row in rows] == [
        (f"{GOOD}.csv", "3", "'=HYPERLINK(1)", "WAFER_ID"),
        (f"{GOOD}.csv", "5", "C1-3", "NOT_A_NUMBER"),
    ]
    assert rows[0]["raw"] == "'" + ",".join(made.rows[1])
    assert rows[1]["message"].startswith("Sensor - 5 is '-'; if")
    assert [row["wafer"] for row in manifest["rows"]] == ["=HYPERLINK(1)", "C1-3"]


def test_a_refused_file_never_takes_the_place_of_a_row_list(tmp_path: Path) -> None:
    made = batch(1)
    made.rows[1][0] = ""
    clash = f"{GOOD}.rows"
    drop(tmp_path / "drop", **{GOOD: made.data(), clash: b"mine"})

    manifest = validate(tmp_path / "drop", tmp_path)

    assert (tmp_path / "quarantine" / f"{clash}.csv").read_bytes() == b"mine"
    assert [row["line"] for row in manifest["rows"]] == [3]


def test_lines_are_numbered_as_an_editor_numbers_them(tmp_path: Path) -> None:
    made = batch(1, rows=200)
    lines = made.lines()
    lines[150] = lines[150].replace(",", ",x", 1)
    lines[3:3] = ["\r\n"] * 4
    drop(tmp_path / "drop", **{GOOD: "".join(lines).encode()})

    manifest = validate(tmp_path / "drop", tmp_path)

    assert [(row["line"], row["wafer"]) for row in manifest["rows"]] == [(155, "C1-149")]


def test_a_file_of_many_blocks_is_read_like_a_small_one(tmp_path: Path) -> None:
    made = batch(1, rows=50)
    made.rows[:] = [[f"C1-{n}", *made.rows[n % 50][1:]] for n in range(7000)]
    made.rows[3500][9] = "abc"
    made.rows[6999] = list(made.rows[0])
    drop(tmp_path / "drop", **{GOOD: made.data()})

    manifest = validate(tmp_path / "drop", tmp_path)

    assert manifest["files"][0]["bytes"] > 2 * 8 * 2**20
    assert [(row["line"], row["code"]) for row in manifest["rows"]] == [
        (3502, "NOT_A_NUMBER"),
        (7001, "DUPLICATE_WAFER"),
    ]
    table = accepted(tmp_path, GOOD)
    assert table.column("Wafer").to_pylist() == [row[0] for n, row in enumerate(made.rows[:-1]) if n != 3500]
    assert table.column("Sensor - 300").to_pylist()[:3] == [float(row[300]) for row in made.rows[:3]]


def test_silent_sensors_below_the_tolerated_share_are_a_warning_that_names_them(tmp_path: Path) -> None:
    made = batch(1)
    for row in made.rows:
        row[5] = row[6] = ""
    drop(tmp_path / "drop", **{GOOD: made.data()})

    manifest = validate(tmp_path / "drop", tmp_path)

    assert manifest["files"][0]["warnings"] == [
        "2 of 590 sensors have no value in this file (147 are tolerated): `Sensor - 5`, `Sensor - 6`."
    ]


def test_the_report_says_what_came_in_what_was_refused_and_why(tmp_path: Path) -> None:
    made, other = batch(1), batch(2)
    made.rows[1][0] = ""
    made.rows[4][3] = made.rows[2][3]
    drop(tmp_path / "drop", **{GOOD: made.data(), "Wafer_1": other.data()})

    manifest = validate(tmp_path / "drop", tmp_path)

    page = (tmp_path / "report.html").read_text()
    assert manifest["totals"]["rows_quarantined"] == 7
    assert "<dt>Quarantined rows</dt><dd>7</dd><small>6 of refused files</small>" in page
    for text in (
        "Refused files",
        "Wafer_1.csv",
        "FILE_NAME",
        "Quarantined rows one by one",
        "WAFER_ID",
        "12 rows read = 5 accepted + 7 quarantined",
    ):
        assert text in page
    assert "http" not in page.replace("http-equiv", "")
