"""A person decides about a wafer: who may, what is kept, and where it is seen."""

import csv
import io

import pytest

from application.tests.judged_wafers import FILE, predict_wafers
from application.tests.serving import Service
from wafer.documents import open_documents, outcome_of
from wafer.store import layout


@pytest.fixture
def run(service: Service) -> str:
    return predict_wafers(service)


def test_a_disposition_is_kept_with_the_name_of_the_key_and_the_time(service: Service, run: str) -> None:
    with service.client("operator") as client:
        client.post(f"/runs/{run}/wafers/W-1/disposition", json={"word": "false-alarm"})
        told = client.post(
            f"/runs/{run}/wafers/W-1/disposition", json={"word": "confirmed-fault", "comment": "edge chipped"}
        )
    with service.client("viewer") as client:
        found = client.get(f"/runs/{run}/wafers/W-1/disposition").json()

    assert told.json() == found
    assert (found["wafer"], found["file"], found["outcome"]) == ("W-1", FILE, "fail")
    assert [each["word"] for each in found["told"]] == ["confirmed-fault", "false-alarm"]
    assert [each["counts"] for each in found["told"]] == [True, False]
    newest = found["told"][0]
    assert (newest["who"], newest["comment"], newest["outcome"]) == ("operator", "edge chipped", "fail")
    assert newest["at"].endswith("+00:00")


def test_dispositions_are_in_the_list_the_csv_and_the_scorecard(service: Service, run: str) -> None:
    with service.client() as client:
        for wafer, word in (("W-1", "scrapped"), ("W-2", "false-alarm"), ("W-3", "reworked"), ("W-4", "comment")):
            client.post(f"/runs/{run}/wafers/{wafer}/disposition", json={"word": word})
        listed = client.get(f"/runs/{run}/predictions").json()["predictions"]
        explained = client.get(f"/runs/{run}/wafers/W-2/explanation").json()["prediction"]
        lines = csv.DictReader(io.StringIO(client.get(f"/runs/{run}/predictions.csv").text))
        card = client.get("/models/2/scorecard").json()

    expected = ["scrapped", "false-alarm", "reworked", None, None, None]
    assert [each["disposition"] for each in listed] == expected
    assert explained["disposition"] == "false-alarm"
    assert [each["disposition"] for each in lines] == [word or "" for word in expected]
    assert [card["reviewed"][name] for name in ("wafers", "flagged", "faults", "missed")] == [2, 2, 1, 0]
    assert (card["total"]["wafers"], card["total"]["statement"]) == (0, "too few to say")


def test_a_later_file_of_outcomes_counts_and_both_are_shown(service: Service, run: str) -> None:
    with service.client() as client:
        client.post(f"/runs/{run}/wafers/W-1/disposition", json={"word": "scrapped"})
        with open_documents(service.parts.documents_uri) as documents:
            told = {"file": "sent.csv", "sha256": "0" * 64, "run_id": "outcomes-1", "received": "2999-01-01"}
            documents.keep_outcomes([outcome_of("W-1", "", failed=False, **told)])
        found = client.get(f"/runs/{run}/wafers/W-1/disposition").json()
        client.post(f"/runs/{run}/wafers/W-1/disposition", json={"word": "reworked"})
        reworked = client.get(f"/runs/{run}/wafers/W-1/disposition").json()

    assert found["outcome"] == "pass"
    assert [(each["file"], each["word"], each["counts"]) for each in found["told"]] == [
        ("sent.csv", None, True),
        ("", "scrapped", False),
    ]
    assert reworked["outcome"] is None
    assert [each["word"] for each in reworked["told"] if each["counts"]] == ["reworked"]


@pytest.mark.parametrize(
    ("wafer", "body", "status"),
    [
        ("W-1", {"word": "fail"}, 422),
        ("W-1", {"word": "scrapped", "who": "bob"}, 422),
        ("W-77", {"word": "scrapped"}, 404),
    ],
)
def test_what_cannot_be_kept_is_refused(
    service: Service, run: str, wafer: str, body: dict[str, str], status: int
) -> None:
    with service.client() as client:
        answer = client.post(f"/runs/{run}/wafers/{wafer}/disposition", json=body)
        kept = client.get(f"/runs/{run}/wafers/W-1/disposition").json()["told"]

    assert answer.status_code == status
    assert kept == []


def test_a_run_of_before_says_what_to_do(service: Service) -> None:
    older = predict_wafers(service, older=True)
    with service.client() as client:
        answer = client.post(f"/runs/{older}/wafers/W-1/disposition", json={"word": "scrapped"})

    assert answer.status_code == 404
    assert "Predict its batches again" in answer.json()["detail"]


def test_a_prediction_whose_folder_is_gone_hides_no_other(service: Service, run: str) -> None:
    gone, later = predict_wafers(service), predict_wafers(service)
    service.store.delete_below(layout.published("predict", gone))

    with service.client("viewer") as client:
        found = client.get(f"/runs/{later}/wafers/W-1/elsewhere").json()

    assert [each["run_id"] for each in found["predictions"]] == [run]


def test_other_predictions_of_the_wafer_say_whether_they_are_by_the_same_readings(service: Service, run: str) -> None:
    later = predict_wafers(service)
    with service.client("viewer") as client:
        found = client.get(f"/runs/{later}/wafers/W-1/elsewhere").json()
        none = client.get(f"/runs/{later}/wafers/W-77/elsewhere")

    assert (found["searched"], [each["run_id"] for each in found["predictions"]]) == (1, [run])
    assert found["predictions"][0]["same_readings"] is True
    assert found["predictions"][0]["moment"] == "2026-03-04T10:15:00+00:00"
    assert none.status_code == 404
