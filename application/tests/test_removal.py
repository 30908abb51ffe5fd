"""Removing runs and batches: what goes, what stays, what is refused."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from application.runs.removal import Removals
from application.runs.run import Run
from application.tests.serving import MakeService, Service
from wafer.registry import ByHand


def train(service: Service, source: str = "raw/train/lot-1") -> str:
    with service.client() as client:
        return str(client.post("/train", json={"source": service.batches(source)}).json()["run_id"])


def below(service: Service, run_id: str) -> list[str]:
    return [each.key for each in service.store.keys("") if run_id in each.key]


def test_a_removed_run_leaves_its_line_and_nothing_else(service: Service, predicted: str) -> None:
    assert below(service, predicted)
    with service.client() as client:
        done = client.delete(f"/runs/{predicted}").json()
        run = client.get(f"/runs/{predicted}").json()
        predictions = client.get(f"/runs/{predicted}/predictions")
        retried = client.post(f"/runs/{predicted}/retry")
        listed = client.get("/removals").json()["removals"]
        picked = client.get("/runs", params={"state": "succeeded"}).json()["runs"]

    assert below(service, predicted) == []
    assert (done["what"], done["by"], done["objects"] > 5) == (predicted, "admin", True)
    assert (run["state"], run["removed_by"], run["outputs"]) == ("removed", "admin", [])
    assert (predictions.status_code, retried.status_code, picked) == (404, 409, [])
    assert listed == [done]


def test_a_run_that_runs_is_not_removed(service: Service) -> None:
    run_id = train(service)

    with service.client() as client:
        answer = client.delete(f"/runs/{run_id}")

    assert (answer.status_code, answer.json()["code"]) == (409, "NOT_REMOVABLE")


@pytest.mark.parametrize("contract", ["field", "taken-from-the-list"])
def test_the_run_behind_the_version_in_production_is_not_removed(service: Service, contract: str) -> None:
    registry = service.parts.lines.past(contract).registry
    registry.promote(1, ByHand("ada"))
    run_id, moment = registry.version(1).run_id, "2026-03-01T08:00:00.000+00:00"
    run = Run(run_id, "train", "raw/train/lot", {"contract": contract}, moment, state="succeeded", finished=moment)
    service.parts.runs._ledger.adopt(run)

    with service.client() as client:
        answer = client.delete(f"/runs/{run_id}")

    assert (answer.status_code, "in production" in answer.json()["detail"]) == (409, True)


def test_an_interrupted_removal_is_done_to_its_end_by_the_next(service: Service, predicted: str) -> None:
    service.parts.runs.remove(predicted, by="admin")

    with service.client() as client:
        client.delete(f"/runs/{predicted}")

    assert below(service, predicted) == []


def test_batches_are_removed_unless_a_run_reads_them(service: Service) -> None:
    run_id = train(service, "raw/train/lot-1")
    service.batches("raw/train/lot-2")

    with service.client() as client:
        read = client.delete("/uploads/train/lot-1")
        free = client.delete("/uploads/train/lot-2").json()
        none = client.delete("/uploads/train/lot-2")
        client.post(f"/runs/{run_id}/cancel")
        service.parts.runs.tick()
        later = client.delete("/uploads/train/lot-1")

    assert (read.status_code, none.status_code, later.status_code) == (409, 404, 200)
    assert (free["what"], free["objects"]) == ("raw/train/lot-2", 1)
    assert service.store.keys("raw") == []


def test_a_set_is_not_removed_while_a_run_reads_a_folder_in_it(service: Service) -> None:
    train(service, "raw/train/lot-1/inner")

    with service.client() as client:
        answer = client.delete("/uploads/train/lot-1")

    assert answer.status_code == 409
    assert service.store.keys("raw/train/lot-1")


@pytest.fixture
def old(make_service: MakeService) -> Service:
    return make_service(WAFER_RETENTION_DAYS=30)


def ended(service: Service, lot: str, days: float) -> Run:
    """A prediction that ended so many days ago."""
    with service.client() as client:
        run_id = client.post("/predict", json={"source": service.batches(f"raw/predict/{lot}")}).json()["run_id"]
    service.backend.succeed(run_id)
    service.parts.runs.tick()
    run = service.parts.runs.find(run_id)
    listed = [{"name": "wafer_01032021_041011.csv", "bytes": 1}]
    service.store.put(f"predictions/{run_id}/manifest.json", json.dumps({"files": listed, "rows": []}).encode())
    then = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="milliseconds")
    ledger = service.parts.runs._ledger
    assert ledger.change(run, replace(run, finished=then))
    return run


def test_age_removes_old_runs_and_the_batches_that_only_they_read(old: Service) -> None:
    first, second, third = ended(old, "lot-1", 40), ended(old, "lot-2", 40), ended(old, "lot-2", 20)
    old.batches("raw/predict/never-read")

    old.parts.removals.sweep()
    old.parts.removals.sweep()

    states = {run.run_id: run.state for run in old.parts.runs.history()}
    assert states == {first.run_id: "removed", second.run_id: "removed", third.run_id: "succeeded"}
    assert [each.key.split("/")[2] for each in old.store.keys("raw")] == ["lot-2", "never-read"]
    assert {each.by for each in old.parts.removals.newest(10)} == {"retention"}
    assert len(old.parts.removals.newest(10)) == 3


def test_age_leaves_a_batch_set_that_got_another_file_since(old: Service) -> None:
    ended(old, "lot-1", 40)
    old.store.put("raw/predict/lot-1/wafer_02032021_041011.csv", b"new")

    old.parts.removals.sweep()

    assert len(old.store.keys("raw/predict/lot-1")) == 2


def test_age_never_removes_the_run_behind_the_version_in_production(old: Service) -> None:
    run = ended(old, "lot-1", 400)
    removals = Removals(old.parts.runs, old.store, old.parts.removals.journal, lambda _: [run.run_id], 30)

    removals.sweep()

    assert old.parts.runs.find(run.run_id).state == "succeeded"
    assert old.store.keys("raw/predict/lot-1")
