"""Named contracts over HTTP: added by an admin, chosen for a run, each with a model of its own."""

import json
from typing import Any

import httpx
import pytest

from application.tests.serving import Service
from wafer.contract import load_contract
from wafer.registry import PRODUCTION

COLUMNS = {"Wafer": "varchar", "Temperature": "float", "Pressure": "float"}


def schema(columns: dict[str, str]) -> dict[str, Any]:
    form = {"SampleFileName": "x.csv", "LengthOfDateStampInFile": 0, "LengthOfTimeStampInFile": 0}
    return {**form, "NumberofColumns": len(columns), "ColName": columns}


def body(policy: str = 'file_name: {form: "*.csv"}') -> dict[str, Any]:
    training, prediction = schema({**COLUMNS, "Output": "Integer"}), schema(COLUMNS)
    return {"schema_training": training, "schema_prediction": prediction, "policy": policy}


@pytest.fixture
def client(service: Service) -> httpx.Client:
    found = service.client()
    assert found.put("/contracts/line-b", json=body()).status_code == 200
    return found


def test_without_further_contracts_everything_is_of_the_built_in_one(service: Service) -> None:
    with service.client() as client:
        listed = client.get("/contracts").json()
        run = client.post("/train", json={"source": service.batches()}).json()

    assert ([each["name"] for each in listed["contracts"]], listed["default"]) == (["field"], "field")
    assert (run["contract"], run["contract_digest"]) == ("field", "")
    assert "contract" not in service.backend.started[0].arguments()


def test_a_run_reads_its_files_by_the_contract_that_it_names(service: Service, client: httpx.Client) -> None:
    shown = client.get("/contracts/line-b").json()
    run = client.post("/train", json={"source": service.batches(), "contract": "line-b"}).json()

    assert (shown["model"], json.loads(shown["files"]["schema_prediction.json"])) == (
        "wafer-fault-line-b",
        schema(COLUMNS),
    )
    assert (run["contract"], run["contract_digest"]) == ("line-b", shown["digest"])
    given = service.backend.started[0].arguments()
    read = load_contract("training", str(given["schema"]), str(given["policy"]), str(given["contract"]))
    assert read.sensors == ("Temperature", "Pressure")


def test_a_changed_contract_is_for_new_runs(service: Service, client: httpx.Client) -> None:
    before = client.post("/outcomes", json={"source": service.batches("raw/outcomes/a"), "contract": "line-b"}).json()
    client.put("/contracts/line-b", json=body('{file_name: {form: "*.csv"}, silent_sensors: 0.5}'))
    after = client.post("/outcomes", json={"source": service.batches("raw/outcomes/b"), "contract": "line-b"}).json()

    assert before["contract_digest"] != after["contract_digest"]
    assert client.get(f"/runs/{before['run_id']}").json()["contract_digest"] == before["contract_digest"]


def test_trainings_of_two_contracts_run_side_by_side(service: Service, client: httpx.Client) -> None:
    asked: list[dict[str, str]] = [{}, {"contract": "line-b"}, {"contract": "line-b"}]
    answers = [client.post("/train", json={"source": service.batches(), **each}) for each in asked]

    assert [each.status_code for each in answers] == [202, 202, 409]
    assert answers[2].json()["run_id"] == answers[1].json()["run_id"]


def test_promotions_of_one_model_change_no_other(client: httpx.Client) -> None:
    client.post("/models/1/promote?contract=line-b")

    production = [client.get("/models", params=each).json()["production"] for each in ({}, {"contract": "line-b"})]
    assert production == [2, 1]


def test_a_line_without_a_model_is_not_predicted_by_that_of_another(service: Service, client: httpx.Client) -> None:
    registry: Any = service.parts.lines.past("line-b").registry._part  # type: ignore[attr-defined] # of the breaker
    registry.retire()

    answer = client.post("/predict", json={"source": service.batches("raw/predict/a"), "contract": "line-b"})
    ours = client.post("/predict", json={"source": service.batches("raw/predict/a")})

    assert (answer.status_code, answer.json()["code"], ours.status_code) == (409, "NO_PRODUCTION_MODEL", 202)
    assert "'line-b'" in answer.json()["detail"]
    assert [each.version for each in service.registry.versions() if PRODUCTION in each.aliases] == [2]


def test_what_cannot_be_a_contract_is_refused_with_the_reason(service: Service, client: httpx.Client) -> None:
    other = schema({**COLUMNS, "Flow": "float"})
    cases = [
        client.put("/contracts/Line B", json=body()),
        client.put("/contracts/field", json=body()),
        client.put("/contracts/line-c", json={**body(), "schema_prediction": other}),
        client.put("/contracts/line-c", json={**body(), "policy": "silent_sensors: many"}),
        client.post("/predict", json={"source": service.batches("raw/predict/a"), "contract": "line-x"}),
        client.get("/models?contract=line-x"),
        client.delete("/contracts/field"),
        client.delete("/contracts/line-x"),
    ]

    codes = [each.json()["code"] for each in cases]
    assert codes == [*["CONTRACT_INVALID"] * 4, *["CONTRACT_NOT_FOUND"] * 2, "REQUEST_INVALID", "CONTRACT_NOT_FOUND"]


def test_a_contract_and_files_of_ones_own_are_refused_together(service: Service, client: httpx.Client) -> None:
    asked = {"source": service.batches(), "contract": "line-b", "policy": "raw/train/lot-1/contract.yaml"}

    answer = client.post("/train", json=asked)

    assert (answer.status_code, answer.json()["code"]) == (422, "REQUEST_INVALID")


def test_a_removed_contract_takes_no_run_and_its_runs_stay(service: Service, client: httpx.Client) -> None:
    run = client.post("/train", json={"source": service.batches(), "contract": "line-b"}).json()

    removed = client.delete("/contracts/line-b")

    assert removed.status_code == 204
    assert client.get(f"/runs/{run['run_id']}").json()["contract"] == "line-b"
    assert [each["name"] for each in client.get("/contracts").json()["contracts"]] == ["field"]


def test_a_batch_set_keeps_the_contract_of_its_upload(service: Service, client: httpx.Client) -> None:
    first = client.put("/uploads/train/march/a.csv?contract=line-b", content=b"Wafer,Temperature\n")
    other = client.put("/uploads/train/march/b.csv?contract=field", content=b"x")
    unknown = client.put("/uploads/train/april/b.csv?contract=line-x", content=b"x")
    listed = {each["source"]: each["contract"] for each in client.get("/sources?pipeline=train").json()["sources"]}
    run = client.post("/train", json={"source": "raw/train/march"}).json()
    named = client.post("/train", json={"source": "raw/train/march", "contract": "field"}).json()

    assert [each.status_code for each in (first, other, unknown)] == [201, 409, 404]
    assert "'line-b'" in other.json()["detail"]
    assert listed["raw/train/march"] == "line-b"
    assert "raw/train/april" not in listed
    assert (run["contract"], named["contract"]) == ("line-b", "field")
    assert [each["name"] for each in client.get("/contracts").json()["contracts"]] == ["field", "line-b"]


def test_a_removed_batch_set_forgets_its_contract(client: httpx.Client) -> None:
    client.put("/uploads/outcomes/march/a.csv?contract=line-b", content=b"x")
    client.delete("/uploads/outcomes/march")
    again = client.put("/uploads/outcomes/march/a.csv", content=b"x")

    sources = client.get("/sources?pipeline=outcomes").json()["sources"]

    assert again.status_code == 201
    assert [each["contract"] for each in sources] == [""]
