"""The wafers of predictions as lists: sorted, searched, as a file, compared."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from python_calamine import CalamineWorkbook

from application.cli.comparing import show_comparison
from application.errors import RequestInvalid
from application.lists.comparison import compare
from application.lists.export import exported
from application.lists.forms import Form, file_name
from application.lists.neighbours import batch_of, neighbours, rank_of
from application.lists.selection import by_disposition, selected
from application.lists.wanted import Selection
from application.tests.serving import Service
from wafer.store import layout, publish

REASON = {"value": 3.5, "usual_low": 1.0, "usual_high": 2.0, "contribution": 0.75}


def wafer(name: str, probability: float, *sensors: str, verdict: str = "pass", **more: object) -> dict[str, Any]:
    reasons = [{"sensor": sensor, **REASON} for sensor in sensors]
    row = {"wafer": name, "verdict": verdict, "probability": probability, "threshold": 0.5, "cluster": 0}
    row |= {"distance_percentile": 10.0, "top_sensors": reasons, "note": "", "in_training": False, "file": "a.csv"}
    return {**row, "model_version": "2", "run_id": "predict-1", "lot": "L1", **more}


def table(*rows: dict[str, Any]) -> pa.Table:
    made = pa.Table.from_pylist([{"rank": rank, **row} for rank, row in enumerate(rows, start=1)])
    return made.replace_schema_metadata({layout.CONTEXT: json.dumps({"Lot No": "lot"})})


WAFERS = table(
    wafer("W-10", 0.9, "Sensor - 5", "Sensor - 7", verdict="fail"),
    wafer("W-9", float("nan"), "Sensor - 12", verdict="inspect", file="b.csv", lot="L10"),
    wafer("W-2", 0.4, in_training=True),
    wafer("=W-1", 0.3, lot="L2"),
)


WORDS = {("W-10", "a.csv"): "scrapped"}


def names(wanted: Selection) -> list[str]:
    return [str(name) for name in selected(WAFERS, wanted)[0]["wafer"].to_pylist()]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Selection(), ["W-10", "W-9", "W-2", "=W-1"]),
        (Selection(sort="wafer"), ["=W-1", "W-2", "W-9", "W-10"]),
        (Selection(sort="-Lot No"), ["W-9", "=W-1", "W-10", "W-2"]),
        (Selection(sort="sensor"), ["W-10", "W-9", "W-2", "=W-1"]),
        (Selection(sort="probability"), ["=W-1", "W-2", "W-10", "W-9"]),
        (Selection(sort="-probability"), ["W-10", "W-2", "=W-1", "W-9"]),
        (Selection(q="sensor - 7"), ["W-10"]),
        (Selection(q="b.CSV"), ["W-9"]),
        (Selection(q="l2"), ["=W-1"]),
        (Selection(q="nothing", sort="sensor"), []),
        (Selection(verdict="review"), ["W-10", "W-9"]),
        (Selection(threshold=0.35), ["W-10", "W-9", "W-2", "=W-1"]),
        (Selection(threshold=0.35, verdict="fail", unseen=True), ["W-10"]),
        (Selection(threshold=0.95, verdict="pass"), ["W-10", "=W-1", "W-2"]),
    ],
)
def test_wafers_are_sorted_searched_and_judged_as_asked(wanted: Selection, found: list[str]) -> None:
    assert names(wanted) == found


def test_wafers_are_sorted_by_the_words_of_people() -> None:
    words = {("W-2", "a.csv"): "scrapped", ("=W-1", "a.csv"): "false-alarm", ("W-9", "other.csv"): "reworked"}

    up, down = (by_disposition(WAFERS, words, down=down)["wafer"].to_pylist() for down in (False, True))

    assert up == ["=W-1", "W-2", "W-10", "W-9"]
    assert down == ["W-2", "=W-1", "W-10", "W-9"]


def test_a_wafer_stands_among_those_of_its_file_by_number() -> None:
    batch = batch_of(WAFERS, "a.csv")

    here, lower = neighbours(batch, "W-2", None), neighbours(batch, "W-2", 0.35)

    assert [each["wafer"] for each in here.around] == ["=W-1", "W-2", "W-10"]
    assert (here.number, here.wafers, here.to_review) == (2, 3, 1)
    assert (lower.to_review, lower.around[1]["verdict"]) == (2, "fail")
    assert rank_of(WAFERS, "=W-1", "a.csv") == 4
    assert rank_of(WAFERS, "=W-1", "b.csv") is None


def test_ranks_count_the_wafers_that_are_spoken_of() -> None:
    found, ranked = selected(WAFERS, Selection(unseen=True, verdict="pass"))

    assert found.select(["wafer", "rank"]).to_pylist() == [{"wafer": "=W-1", "rank": 3}]
    assert len(ranked) == 3


def test_an_unknown_column_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(RequestInvalid, match=r"sort by rank, .*sensor, disposition, Lot No"):
        selected(WAFERS, Selection(sort="colour"))


def test_a_file_has_a_column_for_each_reason_and_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(exported(WAFERS, "csv", WORDS).decode())))

    assert rows[0]["reason_1"] == "Sensor - 5 = 3.5 (usual 1 to 2, +0.75)"
    assert rows[0]["reason_2"].startswith("Sensor - 7")
    assert [row["reason_2"] for row in rows[1:]] == ["", "", ""]
    assert [row["wafer"] for row in rows] == ["W-10", "W-9", "W-2", "'=W-1"]
    assert [row["disposition"] for row in rows] == ["scrapped", "", "", ""]
    assert (rows[1]["Lot No"], rows[0]["probability"]) == ("L10", "0.9")


def test_a_workbook_holds_the_same_as_the_text_file() -> None:
    sheet = (
        CalamineWorkbook.from_filelike(io.BytesIO(exported(WAFERS, "xlsx", WORDS))).get_sheet_by_index(0).to_python()
    )

    assert sheet[0] == next(csv.reader(io.StringIO(exported(WAFERS, "csv", WORDS).decode())))
    assert (sheet[1][1], sheet[1][3], sheet[4][1]) == ("W-10", 0.9, "'=W-1")
    assert len(sheet) == 5


def test_more_wafers_than_a_sheet_takes_are_refused_as_a_workbook() -> None:
    many = pa.table({"wafer": pa.nulls(2**20, pa.string())})

    with pytest.raises(RequestInvalid, match="form=csv"):
        exported(many, "xlsx", {})


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_list_without_wafers_is_a_file_with_a_head(form: Form) -> None:
    assert exported(WAFERS.slice(0, 0), form, {})


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("/store/raw/predict/lot-7", "predictions-predict-1-lot-7.csv"),
        ("s3://b/raw/predict/Los 7/ä", "predictions-predict-1.csv"),
        ('/data/x";y/', "predictions-predict-1-x-y.csv"),
    ],
)
def test_a_file_is_named_by_run_and_lot(source: str, name: str) -> None:
    assert file_name("predict-1", source, "csv") == name


def test_a_comparison_tells_whose_verdict_differs_and_who_moved() -> None:
    a = table(wafer("A", 0.9, verdict="fail"), wafer("B", 0.6, verdict="fail"), wafer("C", 0.2), wafer("gone", 0.1))
    b = table(wafer("B", 0.8, verdict="fail"), wafer("C", 0.7, verdict="fail"), wafer("A", 0.1))

    found = compare(a, b)

    assert [(each.wafer, each.shift) for each in found.pairs if each.differs] == [("A", -2), ("C", 1)]
    assert (found.only_a, found.only_b, found.differing) == (1, 0, 2)
    assert found.verdicts["fail", "pass"] == 1


def test_a_comparison_leaves_out_what_a_version_had_learned_from() -> None:
    a = table(wafer("known", 0.9, verdict="fail"), wafer("A", 0.5, verdict="fail"))
    b = table(wafer("A", 0.4), wafer("known", 0.1, in_training=True))

    found, every = compare(a, b), compare(a, b, with_learned=True)

    assert [(each.wafer, each.a.rank, each.b.rank) for each in found.pairs] == [("A", 1, 1)]
    assert (found.learned, found.only_a, found.only_b, found.differing) == (1, 0, 0, 1)
    assert ({each.wafer for each in every.pairs}, every.learned) == ({"known", "A"}, 0)


def test_wafers_are_found_again_in_a_file_of_another_name_unless_their_name_is_no_name() -> None:
    a = table(wafer("A", 0.9), wafer("1", 0.5), wafer("1", 0.4, file="c.csv"))
    b = table(wafer("A", 0.8, file="new.csv"), wafer("1", 0.3, file="new.csv"))

    found = compare(a, b)

    assert [each.wafer for each in found.pairs] == ["A"]
    assert (found.only_a, found.only_b) == (2, 1)


MakePrediction = Callable[..., str]


@pytest.fixture
def predict(service: Service, tmp_path: Path) -> MakePrediction:
    """Predict a lot with a version of the model, and leave these wafers as its answer."""

    def made(lot: str, version: int, *rows: dict[str, Any]) -> str:
        with service.client() as client:
            source = service.batches(f"raw/predict/{lot}")
            run_id = str(client.post("/predict", json={"source": source}).json()["run_id"])
        path = tmp_path / "predictions.parquet"
        answers = [{**row, "model_version": str(version), "run_id": run_id} for row in rows]
        parquet.write_table(table(*answers), path)
        record = {"stage": "select-model", "state": "succeeded", "started": 1.0, "seconds": 1.0, "error": None}
        counted = json.dumps({**record, "counts": {"model_version": version}})
        service.store.put(layout.stage_record(run_id, "select-model"), counted.encode())
        files: dict[str, Path | bytes] = {layout.PREDICTIONS: path, layout.PREDICTIONS_CSV: b"rank,wafer\n"}
        publish(service.store, layout.published("predict", run_id), files, run_id=run_id)
        service.backend.end(run_id)
        service.parts.runs.tick()
        return run_id

    return made


def test_what_is_shown_can_be_taken_away_by_its_run_and_lot(service: Service, predict: MakePrediction) -> None:
    run_id = predict("lot-7", 2, wafer("W-1", 0.9, "Sensor - 5", verdict="fail"), wafer("W-2", 0.2, lot="L9"))

    with service.client("viewer") as client:
        page = client.get(f"/runs/{run_id}/predictions", params={"q": "L9", "sort": "Lot No"}).json()
        text = client.get(f"/runs/{run_id}/export", params={"q": "L9"})
        book = client.get(f"/runs/{run_id}/export", params={"form": "xlsx"})
        unknown = client.get(f"/runs/{run_id}/export", params={"sort": "colour"})

    assert (page["total"], page["counts"]["fail"], page["columns"]) == (1, 1, ["Lot No"])
    assert [row["wafer"] for row in csv.DictReader(io.StringIO(text.text))] == ["W-2"]
    assert text.headers["content-disposition"] == f'attachment; filename="predictions-{run_id}-lot-7.csv"'
    assert book.content.startswith(b"PK")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "REQUEST_INVALID")


def test_two_versions_are_compared_over_the_batches_that_both_predicted(
    service: Service, predict: MakePrediction
) -> None:
    old = predict("lot-7", 1, wafer("W-1", 0.9, verdict="fail"), wafer("W-2", 0.2))
    predict("lot-8", 2, wafer("W-9", 0.9))
    new = predict("lot-7", 2, wafer("W-2", 0.8, verdict="fail"), wafer("W-1", 0.3))

    with service.client("viewer") as client:
        found = client.get("/runs/compare", params={"a": "v1", "b": "v2"}).json()
        every = client.get("/runs/compare", params={"a": old, "b": new, "all": True, "limit": 1}).json()
        never = client.get("/runs/compare", params={"a": "v1", "b": "v7"})
        itself = client.get("/runs/compare", params={"a": old, "b": old})

    assert (found["a"]["run_id"], found["b"]["run_id"]) == (old, new)
    assert (found["both"], found["differing"], found["verdicts"]) == (2, 2, {"fail > pass": 1, "pass > fail": 1})
    assert found["wafers"][0]["shift"] == -1
    assert (every["total"], len(every["wafers"])) == (2, 1)
    assert (never.status_code, itself.status_code) == (404, 422)


def test_the_command_line_compares_too(
    service: Service, predict: MakePrediction, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WAFER_HOME", str(service.home))
    predict("lot-7", 1, wafer("W-1", 0.9, verdict="fail"), wafer("W-2", 0.2))
    predict("lot-7", 2, wafer("W-1", 0.8, verdict="fail"), wafer("W-2", 0.7, verdict="fail"))

    show_comparison("v1", "v2", as_json=False)
    words = capsys.readouterr().out
    show_comparison("v1", "v2", as_json=True)

    assert "2 wafers in both runs, 1 with another verdict" in words
    assert "pass 0.200" in words
    assert json.loads(capsys.readouterr().out)["wafers"][0]["wafer"] == "W-2"


def test_a_reason_says_what_is_known_of_it() -> None:
    unknown = {**REASON, "usual_low": float("nan"), "contribution": None, "sensor": "Sensor - 5"}

    lines = exported(table(wafer("W-1", 0.9, verdict="fail", top_sensors=[unknown])), "csv", {}).decode().splitlines()

    assert lines[1].endswith(",Sensor - 5 = 3.5")
