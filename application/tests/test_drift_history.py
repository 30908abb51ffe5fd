"""Drift over HTTP: for each prediction the sensors that no longer read as in training."""

import csv
import io
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from application.tests.past import SHIFTED, a_run_with_readings, file_of, predicted_on, some_weeks
from application.tests.serving import Service, open_service
from wafer.store import layout
from wafer.tests.past import drift_of, lot
from wafer.tests.sensor_runs import SHIFTED as SHIFTED_SENSOR
from wafer.tests.sensor_runs import SILENT, trained


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with open_service(tmp_path_factory.mktemp("weeks")) as service:
        some_weeks(service.home, service.store)
        predicted_on(service.home, service.store, "24", lot("L-13", 2, file=file_of("24")))  # older than drift
        yield service


def test_each_prediction_tells_which_sensors_are_outside_since_when(weeks: Service) -> None:
    with weeks.client("viewer") as client:
        runs = client.get("/drift").raise_for_status().json()["runs"]

    assert [each["run_id"] for each in runs] == ["predict-02", "predict-09", "predict-16", "predict-23"]
    assert [each["outside"] for each in runs] == [[], [], list(SHIFTED), [SHIFTED[0]]]
    assert runs[2]["share"] == pytest.approx(2 / 590)
    assert (runs[2]["moved"], runs[2]["left"], runs[2]["warnings"]) == (list(SHIFTED), [SHIFTED[0]], ["Look."])


def test_drift_comes_as_csv_and_for_one_run(weeks: Service) -> None:
    with weeks.client("viewer") as client:
        rows = list(csv.DictReader(io.StringIO(client.get("/drift.csv", params={"run": "predict-16"}).text)))

    (row,) = rows
    assert (row["run_id"], row["outside"], row["moved"]) == ("predict-16", "2", "; ".join(SHIFTED))


def test_a_sensor_that_fell_silent_is_outside_once(service: Service) -> None:
    told = lot("A", 2, file=file_of("02"))
    predicted_on(
        service.home, service.store, "02", told, more={layout.DRIFT: drift_of(2, left=["S1"], silent=["S1", "S2"])}
    )

    with service.client("viewer") as client:
        (line,) = client.get("/drift").json()["runs"]

    assert (line["outside"], line["silent"]) == (["S1", "S2"], ["S1", "S2"])


def test_the_lots_of_a_prediction_tell_their_own_drift(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = a_run_with_readings(service.home, service.store)
    bundles = {1: SimpleNamespace(statistics=trained())}
    monkeypatch.setattr(service.parts.lines.of().models, "bundle", bundles.__getitem__)

    with service.client("viewer") as client:
        page = client.get("/drift/lots", params={"run": run_id, "by": "lot"}).raise_for_status().json()
        by_file = client.get("/drift/lots", params={"run": run_id}).raise_for_status().json()
        refused = client.get("/drift/lots", params={"run": run_id, "by": "tool"})

    assert (page["by"], page["sensors"]) == ("lot", 3)
    assert {each["lot"]: each["outside"] for each in page["lots"]} == {
        "L-1": [],
        "L-2": [],
        "L-3": [SHIFTED_SENSOR],
        "L-4": [SHIFTED_SENSOR, SILENT],
    }
    assert page["lots"][3]["share"] == pytest.approx(2 / 3)
    assert [each["wafers"] for each in by_file["lots"]] == [12, 12, 12, 12]
    assert (refused.status_code, "no column 'tool'" in refused.json()["detail"]) == (404, True)
