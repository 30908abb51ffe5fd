"""Sensors over HTTP and at the command line: behind flags, screened, and one wafer by wafer."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from application.cli.app import main
from application.tests.past import a_run_with_readings, predicted_on
from application.tests.serving import Service, open_service
from tests.commands import end_of
from wafer.store import open_store
from wafer.tests.sensor_runs import FILES, SHIFTED, SILENT, STEADY, told_wafers


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with open_service(tmp_path_factory.mktemp("sensors")) as service:
        a_run_with_readings(service.home, service.store)
        predicted_on(service.home, service.store, "05", told_wafers())  # of a release without readings
        yield service


def asked(service: Service, path: str, **params: str | int) -> httpx.Response:
    with service.client("viewer") as client:
        return client.get(path, params=params)


def found(service: Service, path: str, **params: str | int) -> dict[str, Any]:
    answer: dict[str, Any] = asked(service, path, **params).raise_for_status().json()
    return answer


def test_sensors_behind_flags_are_counted_over_the_history_a_run_or_a_lot(served: Service) -> None:
    every = found(served, "/sensors")
    one = found(served, "/sensors", run="predict-06", by="lot", lot="L-1")

    assert [(each["sensor"], each["wafers"]) for each in every["sensors"]] == [(SHIFTED, 4), (STEADY, 2)]
    assert (every["flagged"], every["explained"], every["runs"]) == (5, 5, 2)
    assert every["sensors"][-1]["cumulative"] == 1.0
    assert [(each["sensor"], each["wafers"]) for each in one["sensors"]] == [(STEADY, 1)]
    assert one["columns"][:2] == ["lot", "file"]


def test_all_sensors_of_a_run_are_screened_the_most_moved_first(served: Service) -> None:
    page = found(served, "/runs/predict-06/sensors")

    assert [each["sensor"] for each in page["sensors"]] == [SHIFTED, SILENT, STEADY]
    assert page["sensors"][0] | {"outside": ""} == {
        "sensor": SHIFTED,
        "stability": 3.2,
        "moved": True,
        "level": 0.74,
        "silent_now": 0.0,
        "silent_in_training": 0.0,
        "newly_silent": False,
        "outside": "",
        "flagged": 4,
    }
    assert (page["wafers"], page["model_version"]) == (48, 1)


def test_one_sensor_is_read_wafer_by_wafer_with_what_training_says(served: Service) -> None:
    page = found(served, f"/runs/predict-06/sensors/{SHIFTED}")

    assert [each["shifted"] for each in page["batches"]] == [False, False, True, True]
    assert [each["file"] for each in page["batches"]] == list(FILES)
    assert [each["wafer"] for each in page["points"]] == [f"W-{number}" for number in range(1, 49)]
    assert page["points"][4] | {"value": 0} == {
        "at": 4,
        "wafer": "W-5",
        "file": FILES[0],
        "value": 0,
        "verdict": "fail",
        "in_training": False,
        "rank": 1,
        "outcome": "fail",
    }
    assert (page["stretch"], page["training"]["wafers"], len(page["training"]["failing"])) == (
        1,
        6,
        len(page["levels"]),
    )
    assert (page["failed"]["wafers"], page["passed"]) == (5, None)
    assert page["screened"]["moved"]


def test_a_silent_stretch_and_a_sensor_without_statistics_are_shown_too(served: Service) -> None:
    page = found(served, f"/runs/predict-06/sensors/{SILENT}", points=30)

    assert [each["silent"] for each in page["batches"]] == [0, 0, 0, 12]
    assert (page["silent"], page["training"]) == (12, None)
    assert len(page["points"]) <= 30
    assert page["stretch"] == 4


def test_every_answer_is_a_csv_file_too(served: Service) -> None:
    def rows(path: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(asked(served, path).raise_for_status().text)))

    assert [each["wafers"] for each in rows("/sensors.csv")] == ["4", "2"]
    assert len(rows("/runs/predict-06/sensors.csv")) == 3
    readings = rows(f"/runs/predict-06/sensors/{SILENT}/readings.csv")
    assert (len(readings), readings[0]["wafer"], readings[-1]["value"]) == (48, "W-1", "")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/sensors", "sensors-behind-flags.csv"),
        ("/lots?by=file&run=predict-06", "lots-file-predict-06.csv"),
        ("/drift", "drift.csv"),
        ("/runs/predict-06/sensors", "predict-06-sensors.csv"),
        (f"/runs/predict-06/sensors/{SILENT}", "predict-06-Sensor-3.csv"),
        ("/runs/predict-06/predictions?limit=1", "predictions-predict-06-"),
    ],
)
def test_a_list_is_a_table_for_whoever_accepts_csv(served: Service, path: str, name: str) -> None:
    with served.client("viewer") as client:
        table = client.get(path, headers={"Accept": "text/csv, application/json;q=0.5"})
        plain = [client.get(path, headers={"Accept": accept}) for accept in ("*/*", "application/json, text/csv;q=0.1")]

    assert name in table.headers["content-disposition"].replace("Sensor---", "Sensor-")
    assert table.headers["content-type"].startswith("text/csv")
    assert "accept" in table.headers["vary"].lower()
    assert {each.headers["content-type"] for each in plain} == {"application/json"}


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/runs/predict-05/sensors/Sensor - 1", 404, "Predict its batches again"),
        ("/runs/predict-06/sensors/Sensor - 9", 404, "no sensor 'Sensor - 9'"),
        ("/runs/predict-07/sensors", 404, "predict-07"),
        ("/sensors?by=tool&lot=x", 422, "no column 'tool'|has a column 'tool'"),
    ],
)
def test_what_cannot_be_shown_is_told(served: Service, path: str, status: int, says: str) -> None:
    answer = asked(served, path) if "?" not in path else asked(served, "/sensors", by="tool", lot="x")

    assert answer.status_code == status
    assert any(part in answer.json()["detail"] for part in says.split("|"))


def test_sensors_are_told_at_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    run_id = a_run_with_readings(home, open_store(str(home / "store")))
    monkeypatch.setenv("WAFER_HOME", str(home))

    shown = end_of(main, "wafer", "sensors", run_id)
    one = end_of(main, "wafer", "sensors", run_id, SILENT)
    told = end_of(main, "wafer", "sensors", run_id, "--by", "lot", "--lot", "L-1", "--json").json

    assert "5 of 5 flagged wafers" in shown.out
    assert SHIFTED in shown.out
    assert "12 of them silent" in one.out
    assert [each["sensor"] for each in told["behind_flags"]["sensors"]] == [STEADY]
