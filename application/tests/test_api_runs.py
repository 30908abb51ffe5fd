"""Runs over HTTP: started once, listed, followed, cancelled, retried."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from application.runs.run import Run
from application.tests.leavings import write_record
from application.tests.serving import MakeService, Service
from wafer.errors import RegistryUnavailable


def problem_of(response: httpx.Response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["detail"]
    return str(problem["code"])


def test_a_training_is_accepted_with_its_id_and_the_place_to_look_at_it(service: Service) -> None:
    source = service.batches()

    with service.client("operator") as client:
        answer = client.post("/train", json={"source": source, "seed": 3})
        looked = client.get(answer.headers["Location"])

    assert answer.status_code == 202
    assert answer.json()["state"] == "running"
    assert looked.json()["run_id"] == answer.json()["run_id"]
    assert looked.json()["requested_by"] == "operator"
    assert looked.json()["parameters"]["seed"] == 3
    (started,) = service.backend.started
    assert started.source == f"{service.store.uri}/{source}"
    assert started.arguments()["run_id"] == answer.json()["run_id"]


def test_outcomes_are_taken_in_by_a_run_of_their_own_next_to_a_training(service: Service) -> None:
    training, outcomes = service.batches(), service.batches("raw/outcomes/lot-1")

    with service.client("operator") as client:
        client.post("/train", json={"source": training})
        answer = client.post("/outcomes", json={"source": outcomes})
        listed = client.get("/runs?pipeline=outcomes").json()["runs"]
        elsewhere = client.post("/outcomes", json={"source": training})

    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/runs/{answer.json()['run_id']}"
    assert [(each["run_id"], each["source"]) for each in listed] == [(answer.json()["run_id"], outcomes)]
    assert elsewhere.status_code == 202  # any uploaded batch set can hold outcomes


def test_a_training_from_outcomes_is_refused_while_there_are_none(service: Service) -> None:
    with service.client("operator") as client:
        answer = client.post("/train", json={"source": service.batches(), "from_outcomes": True})

    assert problem_of(answer) == "SOURCE_EMPTY"
    assert "wafer outcomes" in answer.json()["detail"]
    assert service.backend.started == []


def test_a_hundred_trainings_with_one_key_are_one_run(service: Service) -> None:
    body = {"source": service.batches()}
    headers = {"Idempotency-Key": "the-same"}

    with service.client(), ThreadPoolExecutor(100) as pool, service.client() as client:
        answers = list(pool.map(lambda _: client.post("/train", json=body, headers=headers), range(100)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["run_id"] for answer in answers}) == 1
    assert len(service.backend.started) == 1


def test_the_same_key_with_another_body_is_refused(service: Service) -> None:
    source = service.batches()
    headers = {"Idempotency-Key": "k"}

    with service.client() as client:
        client.post("/train", json={"source": source}, headers=headers)
        answer = client.post("/train", json={"source": source, "seed": 8}, headers=headers)

    assert answer.status_code == 422
    assert problem_of(answer) == "IDEMPOTENCY_KEY_REUSED"
    assert len(service.backend.started) == 1


def test_another_callers_key_is_another_key(service: Service) -> None:
    source = service.batches("raw/predict/lot-1")
    headers = {"Idempotency-Key": "k"}

    with service.client("admin") as admin, service.client("operator") as operator:
        mine = admin.post("/predict", json={"source": source}, headers=headers)
        theirs = operator.post("/predict", json={"source": source}, headers=headers)

    assert mine.json()["run_id"] != theirs.json()["run_id"]


def test_a_second_training_is_refused_and_told_which_one_runs(service: Service) -> None:
    body = {"source": service.batches()}

    with service.client() as client:
        first = client.post("/train", json=body)
        second = client.post("/train", json=body)

    assert second.status_code == 409
    assert problem_of(second) == "TRAINING_RUNNING"
    assert second.json()["run_id"] == first.json()["run_id"]


def test_a_training_whose_worker_died_does_not_block_the_next_one(service: Service) -> None:
    body = {"source": service.batches()}

    with service.client() as client:
        first = client.post("/train", json=body).json()["run_id"]
        service.backend.die(first)
        second = client.post("/train", json=body)
        looked = client.get(f"/runs/{first}").json()

    assert second.status_code == 202
    assert (looked["state"], looked["error"]["code"]) == ("failed", "STAGE_FAILED")


def test_predictions_beyond_the_places_wait_and_start_when_one_is_free(make_service: MakeService) -> None:
    service = make_service(WAFER_MAX_RUNS=1)
    body = {"source": service.batches("raw/predict/lot-1")}

    with service.client() as client:
        first, second = (client.post("/predict", json=body).json() for _ in range(2))
        service.backend.succeed(first["run_id"])
        service.parts.runs.tick()
        now = client.get(f"/runs/{second['run_id']}").json()

    assert (first["state"], second["state"], now["state"]) == ("running", "queued", "running")


def test_a_run_shows_stages_outputs_and_what_was_refused(service: Service) -> None:
    body = {"source": service.batches("raw/predict/lot-1")}

    with service.client() as client:
        run_id = client.post("/predict", json=body).json()["run_id"]
        before = client.get(f"/runs/{run_id}").json()
        service.backend.succeed(run_id)
        service.parts.runs.tick()
        after = client.get(f"/runs/{run_id}").json()

    assert {stage["state"] for stage in before["stages"]} == {"pending"}
    states = {stage["name"]: stage["state"] for stage in after["stages"]}
    assert (states["validate"], states["load"]) == ("succeeded", "skipped")
    assert {output["name"] for output in after["outputs"]} >= {"predictions.csv", "report.html"}
    assert {output["name"] for output in after["refused"]} == {"_manifest.json", "_report.html", "bad.csv"}
    assert after["finished"]


def test_a_running_stage_tells_how_far_it_has_come(service: Service) -> None:
    progress = {"done": 120, "of": 1000, "what": "files"}

    with service.client() as client:
        run_id = client.post("/train", json={"source": service.batches()}).json()["run_id"]
        write_record(service.backend.store, run_id, "validate", "running", progress=progress)
        stages = client.get(f"/runs/{run_id}").json()["stages"]

    told = {stage["name"]: stage["progress"] for stage in stages}
    assert (told["validate"], told["load"]) == (progress, None)


def ended(service: Service, end: Callable[[str], None]) -> dict[str, Any]:
    """A training that its backend has ended."""
    with service.client() as client:
        run_id = client.post("/train", json={"source": service.batches()}).json()["run_id"]
        end(run_id)
        service.parts.runs.tick()
        return dict(client.get(f"/runs/{run_id}").json())


def test_a_training_that_ended_names_its_version_and_the_reason(service: Service) -> None:
    run = ended(service, service.backend.succeed)

    assert (run["state"], run["model_version"], run["promoted"]) == ("succeeded", 2, True)
    assert run["metrics"]["auc"] == 0.75
    assert run["forward_auc"] == 0.64


def test_a_failed_run_says_which_stage_failed_and_why(service: Service) -> None:
    run = ended(service, service.backend.fail)

    assert run["state"] == "failed"
    assert (run["error"]["code"], run["error"]["stage"]) == ("NO_GOOD_FILES", "validate")


def test_a_cancelled_run_is_ended_on_its_backend_and_reads_cancelled(service: Service) -> None:
    with service.client() as client:
        run_id = client.post("/train", json={"source": service.batches()}).json()["run_id"]
        answer = client.post(f"/runs/{run_id}/cancel")
        again = client.post(f"/runs/{run_id}/cancel")

    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")
    assert service.backend.cancelled == [run_id]
    assert (again.status_code, problem_of(again)) == (409, "RUN_NOT_CANCELLABLE")


def test_a_waiting_run_is_cancelled_before_it_starts(make_service: MakeService) -> None:
    service = make_service(WAFER_MAX_RUNS=1)
    body = {"source": service.batches("raw/predict/lot-1")}

    with service.client() as client:
        first, second = (client.post("/predict", json=body).json()["run_id"] for _ in range(2))
        client.post(f"/runs/{second}/cancel")
        service.backend.succeed(first)
        service.parts.runs.tick()
        state = client.get(f"/runs/{second}").json()["state"]

    assert state == "cancelled"
    assert len(service.backend.started) == 1


def test_a_failed_run_is_retried_under_its_own_id(service: Service) -> None:
    with service.client() as client:
        run_id = client.post("/train", json={"source": service.batches()}).json()["run_id"]
        service.backend.fail(run_id)
        answer = client.post(f"/runs/{run_id}/retry")
        again = client.post(f"/runs/{run_id}/retry")

    assert (answer.status_code, answer.json()["state"], answer.json()["attempt"]) == (202, "running", 2)
    assert service.backend.retried == [run_id]
    assert (again.status_code, problem_of(again)) == (409, "RUN_NOT_RETRYABLE")


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_without_its_media_type_is_told_to_name_it(service: Service, media_type: str) -> None:
    with service.client() as client:
        headers = {"Content-Type": media_type} if media_type else {}
        answer = client.post("/train", content=json.dumps({"source": service.batches()}), headers=headers)

    assert (answer.status_code, problem_of(answer)) == (422, "REQUEST_INVALID")
    assert "Content-Type: application/json" in answer.json()["detail"]


def test_an_answer_names_no_folder_of_the_server(service: Service) -> None:
    with service.client() as client:
        answer = client.post("/train", json={"source": "raw/train/missing"})

    assert (answer.status_code, problem_of(answer)) == (404, "SOURCE_NOT_FOUND")
    assert "raw/train/missing" in answer.json()["detail"]
    assert str(service.home) not in answer.text


def test_a_retry_shows_at_once_although_the_failure_was_looked_at_this_moment(service: Service) -> None:
    with service.client() as client:
        run_id = client.post("/train", json={"source": service.batches()}).json()["run_id"]
        service.backend.fail(run_id)
        before = client.get(f"/runs/{run_id}").json()["state"]
        client.post(f"/runs/{run_id}/retry")
        after = client.get(f"/runs/{run_id}").json()

    assert before == "failed"
    assert (after["state"], after["attempt"]) == ("running", 2)


def test_the_retry_of_a_training_waits_for_no_other_training(service: Service) -> None:
    body = {"source": service.batches()}

    with service.client() as client:
        failed = client.post("/train", json=body).json()["run_id"]
        service.backend.fail(failed)
        runs = client.post("/train", json=body).json()["run_id"]
        answer = client.post(f"/runs/{failed}/retry")

    assert (answer.status_code, answer.json()["run_id"]) == (409, runs)


def test_the_history_comes_in_pages_newest_first(make_service: MakeService) -> None:
    service = make_service(WAFER_MAX_RUNS=10)
    service.backend.succeed_at_once = True
    body = {"source": service.batches("raw/predict/lot-1")}

    with service.client() as client:
        ids = [client.post("/predict", json=body).json()["run_id"] for _ in range(5)]
        service.parts.runs.tick()
        first = client.get("/runs", params={"limit": 2}).json()
        second = client.get("/runs", params={"limit": 2, "cursor": first["next"]}).json()
        third = client.get("/runs", params={"limit": 2, "cursor": second["next"]}).json()
        trainings = client.get("/runs", params={"pipeline": "train"}).json()
        ended = client.get("/runs", params={"state": "succeeded", "limit": 100}).json()

    listed = [run["run_id"] for page in (first, second, third) for run in page["runs"]]
    assert listed == ids[::-1]
    assert third["next"] is None
    assert trainings["runs"] == []
    assert len(ended["runs"]) == 5


def test_a_run_started_elsewhere_appears(service: Service) -> None:
    moment = "2026-03-21T08:15:00+00:00"
    parameters = {"false_alarm_budget": 0.2}
    run = Run("predict-elsewhere", "predict", "s3://bucket/drop", parameters, moment, "kubeflow", native_id="0f1e")
    service.backend.elsewhere.append(run)

    with service.client("viewer") as client:
        shown = client.get("/runs/predict-elsewhere").json()

    assert (shown["source"], shown["requested_by"]) == ("s3://bucket/drop", "kubeflow")


def test_events_tell_every_change_and_the_end(service: Service) -> None:
    body = {"source": service.batches("raw/predict/lot-1")}
    told = []

    with service.client() as client:
        run_id = client.post("/predict", json=body).json()["run_id"]
        with client.stream("GET", f"/runs/{run_id}/events") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    told.append(json.loads(line.removeprefix("data: ")))
                if len(told) == 1 and line == "":
                    service.backend.succeed(run_id)

    assert told[0]["state"] == "running"
    assert told[-2]["state"] == "succeeded"
    assert told[-1] == {"run_id": run_id, "state": "succeeded"}


def test_a_run_nobody_knows_is_not_found(service: Service) -> None:
    with service.client() as client:
        for path in ("/runs/no-such-run", "/runs/no-such-run/events", "/runs/no-such-run/predictions"):
            answer = client.get(path)
            assert (answer.status_code, problem_of(answer)) == (404, "RUN_NOT_FOUND")


def test_a_source_without_batches_is_refused_before_anything_is_claimed(service: Service) -> None:
    with service.client() as client:
        answer = client.post("/train", json={"source": "raw/train/empty"})
        runs = client.get("/runs").json()["runs"]

    assert answer.status_code == 404
    assert problem_of(answer) == "SOURCE_NOT_FOUND"
    assert runs == []


def test_without_a_production_model_a_prediction_is_refused_before_it_starts(service: Service) -> None:
    body = {"source": service.batches("raw/predict/lot-1")}
    service.registry.retire()

    with service.client() as client:
        answer = client.post("/predict", json=body)
        runs = client.get("/runs").json()["runs"]

    assert (answer.status_code, problem_of(answer)) == (409, "NO_PRODUCTION_MODEL")
    assert runs == []


def test_a_registry_that_does_not_answer_refuses_no_prediction(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"source": service.batches("raw/predict/lot-1")}
    monkeypatch.setattr(service.registry, "versions", _away)

    with service.client() as client:
        answer = client.post("/predict", json=body)

    assert answer.status_code == 202


def _away() -> None:
    raise RegistryUnavailable("The registry does not answer.")


def test_a_backend_that_does_not_answer_leaves_the_run_waiting_and_starts_it_later(service: Service) -> None:
    body = {"source": service.batches("raw/predict/lot-1")}
    service.backend.broken = True

    with service.client() as client:
        answer = client.post("/predict", json=body)
        service.backend.broken = False
        service.parts.runs.tick()
        state = client.get(f"/runs/{answer.json()['run_id']}").json()["state"]

    assert (answer.status_code, answer.json()["state"], state) == (202, "queued", "running")


def test_a_prediction_keeps_its_budget_by_the_rule_that_was_asked_for(service: Service) -> None:
    source = service.batches("raw/predict/lot-1")
    with service.client("operator") as client:
        asked = client.post("/predict", json={"source": source, "threshold": "recent"})
        plain = client.post("/predict", json={"source": source})
        wrong = client.post("/predict", json={"source": source, "threshold": "rank"})

    rules = {run.run_id: run.parameters["threshold"] for run in service.backend.started}
    assert (rules[asked.json()["run_id"]], rules[plain.json()["run_id"]]) == ("recent", "")
    assert wrong.status_code == 422
