"""Results over HTTP: predictions, reports, refused files, models."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from application.api.models import ModelBook
from application.api.predictions import Predicted
from application.tests.leavings import REPORT
from application.tests.real_models import RealModels, Trained
from application.tests.serving import Service


def test_predictions_come_in_pages_most_suspicious_first(service: Service, predicted: str) -> None:
    with service.client("viewer") as client:
        first = client.get(f"/runs/{predicted}/predictions", params={"limit": 3}).json()
        second = client.get(f"/runs/{predicted}/predictions", params={"limit": 3, "offset": first["next"]}).json()

    assert [each["rank"] for each in first["predictions"] + second["predictions"]] == [1, 2, 3, 4]
    assert (first["total"], second["next"], first["model_version"]) == (4, None, 2)
    assert first["counts"] == {"pass": 2, "fail": 1, "inspect": 1}
    assert first["predictions"][0]["top_sensors"][0]["sensor"] == "Sensor - 1"


def test_predictions_can_be_asked_for_by_verdict(service: Service, predicted: str) -> None:
    with service.client("viewer") as client:
        found = client.get(f"/runs/{predicted}/predictions", params={"verdict": "pass"}).json()

    assert [each["wafer"] for each in found["predictions"]] == ["W-3", "W-4"]
    assert found["total"] == 2


def test_a_value_json_has_no_word_for_comes_as_null(service: Service, predicted: str) -> None:
    with service.client("viewer") as client:
        found = client.get(f"/runs/{predicted}/predictions").json()["predictions"]

    assert found[1]["probability"] is None
    assert found[0]["top_sensors"][0]["usual_low"] is None


def test_predictions_come_as_csv_to_keep(service: Service, predicted: str) -> None:
    with service.client("viewer") as client:
        answer = client.get(f"/runs/{predicted}/predictions.csv")

    assert answer.headers["content-type"].startswith("text/csv")
    assert f'attachment; filename="predictions-{predicted}-lot-1.csv"' in answer.headers["content-disposition"]
    assert list(csv.DictReader(io.StringIO(answer.text))) == [
        {"rank": "1", "wafer": "W-1", "file": "good.csv", "disposition": ""}
    ]


def test_what_was_listed_can_be_fetched_with_the_bytes_that_were_named(service: Service, predicted: str) -> None:
    with service.client("viewer") as client:
        run = client.get(f"/runs/{predicted}").json()
        files = {output["href"]: (output, client.get(output["href"])) for output in run["outputs"] + run["refused"]}

    for output, answer in files.values():
        assert answer.status_code == 200
        assert len(answer.content) == output["bytes"]
        assert answer.headers["content-type"].startswith(output["media_type"])
    assert "attachment" in files[f"/runs/{predicted}/refused/bad.csv"][1].headers["content-disposition"]


def test_nothing_in_a_report_runs(service: Service, predicted: str) -> None:
    with service.client("viewer") as client:
        answer = client.get(f"/runs/{predicted}/report")

    assert answer.content == REPORT
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy


def test_a_run_that_failed_shows_the_report_of_what_was_refused(service: Service) -> None:
    with service.client() as client:
        run_id = client.post("/train", json={"source": service.batches()}).json()["run_id"]
        nothing = client.get(f"/runs/{run_id}/manifest")
        service.backend.succeed(run_id)
        service.store.delete(f"training/{run_id}/_SUCCESS.json")
        service.parts.runs.tick()
        manifest = client.get(f"/runs/{run_id}/manifest")
        report = client.get(f"/runs/{run_id}/report")

    assert nothing.status_code == 404
    assert manifest.json()["files"][0]["codes"] == ["HEADER"]
    assert report.status_code == 200


def test_a_file_that_was_altered_since_is_not_shown(service: Service, predicted: str) -> None:
    service.store.put(f"predictions/{predicted}/report.html", b"altered")

    with service.client("viewer") as client:
        answer = client.get(f"/runs/{predicted}/outputs/report.html")

    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_PUBLISHED")


def test_a_training_has_no_predictions(service: Service) -> None:
    with service.client() as client:
        run_id = client.post("/train", json={"source": service.batches()}).json()["run_id"]
        answer = client.get(f"/runs/{run_id}/predictions")

    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_PUBLISHED")


def test_budgets_say_how_many_wafers_and_how_many_false_alarms(service: Service, predicted: str) -> None:
    with service.client("viewer") as client:
        found = client.get(f"/runs/{predicted}/budgets").json()

    assert (found["current"], found["model_version"], len(found["budgets"])) == (0.1, 2, 50)
    flagged = [each["flagged"] for each in found["budgets"]]
    assert flagged == sorted(flagged)
    assert all(
        each["false_alarms"] is None
        or (
            0 <= each["false_alarms"]["low"] <= each["false_alarms"]["expected"] <= each["false_alarms"]["high"]
            and each["false_alarms"]["high"] <= each["flagged"]
        )
        for each in found["budgets"]
    )


def test_models_are_listed_newest_first_with_what_predicts(service: Service) -> None:
    with service.client("viewer") as client:
        found = client.get("/models").json()
        one = client.get("/models/1").json()
        none = client.get("/models/9")

    assert [each["version"] for each in found["models"]] == [2, 1]
    assert (found["production"], found["history"]) == (2, [1, 2])
    assert (one["production"], one["decision"]["reason"]) == (False, "It is better.")
    assert (none.status_code, none.json()["code"]) == (404, "MODEL_NOT_FOUND")


def test_a_version_is_promoted_and_rolled_back(service: Service) -> None:
    with service.client("admin") as client:
        promoted = client.post("/models/1/promote").json()
        back = client.post("/models/rollback").json()

    assert (promoted["version"], promoted["production"]) == (1, True)
    assert (back["version"], back["production"]) == (2, True)


def test_of_two_rollbacks_to_the_same_version_the_second_is_refused(service: Service) -> None:
    words = {"expected": 2, "why": "too many alarms"}

    with service.client("admin") as client:
        answers = [client.post("/models/rollback", json=words) for _ in range(2)]
        found = client.get("/models").json()

    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[1].json()["code"] == "PRODUCTION_CHANGED"
    assert found["production"] == 1
    newest = found["changes"][0]
    assert (newest["version"], newest["rollback"], newest["who"], newest["why"]) == (1, True, "admin", words["why"])


def test_the_version_that_waits_for_a_person_is_named(service: Service) -> None:
    service.registry.waiting = 1

    with service.client("viewer") as client:
        found = client.get("/models").json()

    assert (found["candidate"], found["production"]) == (1, 2)


def test_curves_come_from_the_bundle_which_is_fetched_once(service: Service) -> None:
    with service.client("viewer") as client:
        found = client.get("/models/2/curves").json()
        client.get("/models/2/curves")
        sensor = client.get("/models/2/sensors/Sensor - 1").json()
        unknown = client.get("/models/2/sensors/Sensor - 999")

    assert found["curve"][0] == {"threshold": None, "false_alarm_rate": 0.0, "recall": 0.0, "precision": None}
    assert found["curve"][-1]["recall"] == 1.0
    assert (found["wafers"], found["failures"], found["clusters"][0]["family"]) == (6, 2, "xgboost")
    assert found["families"] == {"random_forest": "Random forest", "xgboost": "XGBoost"}
    assert sum(each["wafers"] for each in found["calibration"]) == 6
    assert found["false_alarm_budget"] == 0.1
    assert 0.6 < found["threshold"] <= 0.9
    assert [each["name"] for each in found["figures"]] == ["auc", "pr_auc", "recall_at_10", "ber", "brier_skill"]
    assert all(each["low"] <= each["value"] <= each["high"] for each in found["figures"][:3])
    assert sensor["quantiles"][-1] == 1.0
    assert unknown.status_code == 404
    assert service.registry.downloads == 1


def test_a_version_is_told_in_three_ways_of_holding_wafers_out(service: Service) -> None:
    with service.client("viewer") as client:
        ways = client.get("/models/2/curves").json()["held_out"]

    forward = ways["forward"]
    assert list(ways) == ["forward", "whole_files", "random"]
    assert ways["whole_files"] is None
    assert forward["auc"]["low"] <= forward["auc"]["value"] <= forward["auc"]["high"]
    assert (forward["fixed"]["found"], forward["fixed"]["recall"]["value"]) == (0, 0.0)
    assert (forward["recent"]["found"], forward["recent"]["false_alarms"]) == (2, 1)
    assert forward["recent"]["false_alarm_rate"]["low"] < 0.25 < forward["recent"]["false_alarm_rate"]["high"]
    assert [each["name"] for each in forward["files"]] == ["lot-2.csv", "lot-3.csv"]
    assert (ways["random"]["wafers"], ways["random"]["failures"], ways["random"]["files"]) == (6, 2, [])


def test_many_who_ask_for_one_version_at_once_wait_for_one_download(service: Service) -> None:
    with service.client() as client, ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: client.get("/models/2/curves"), range(16)))

    assert {answer.status_code for answer in answers} == {200}
    assert service.registry.downloads == 1


def test_metrics_count_runs_stages_and_quarantined_rows(service: Service, predicted: str) -> None:
    with service.client("viewer") as client:
        client.get(f"/runs/{predicted}")
        text = client.get("/metrics").text

    assert 'wafer_runs_total{pipeline="predict",state="succeeded"} 1.0' in text
    assert 'wafer_rows_total{pipeline="predict",verdict="quarantined"} 2.0' in text
    assert 'wafer_stage_seconds_sum{pipeline="predict",stage="validate",state="succeeded"} 2.5' in text
    assert 'wafer_runs_active{pipeline="train",state="queued"} 0.0' in text
    assert 'wafer_queue_seconds_count{pipeline="predict"} 1.0' in text
    assert 'route="/runs/{run_id}"' in text


def test_readiness_names_the_part_that_does_not_answer(service: Service) -> None:
    with service.client(None) as nobody:
        service.backend.broken = True
        answer = nobody.get("/readyz")
        alive = nobody.get("/healthz")

    assert (answer.status_code, answer.json()) == (503, {"ready": False, "checks": {"store": True, "runs": False}})
    assert alive.json() == {"status": "ok"}


def test_a_service_whose_parts_answer_is_ready(service: Service) -> None:
    with service.client(None) as nobody:
        answer = nobody.get("/readyz")

    assert (answer.status_code, answer.json()["ready"]) == (200, True)


def test_budgets_of_a_run_by_rank_are_by_rank(trained_line: Trained) -> None:
    models = RealModels(trained_line.bundles)
    book = ModelBook(models).bundle(1)
    scores, unlike = (np.arange(400) * 0.001).astype(np.float64), np.array([0.1, np.nan])

    ranked = book.budgets(1, "predict-1", Predicted(scores, unlike, 0, 0.3595, by_rank=True), 0.1)
    by_rank = ranked.budgets
    fixed = book.budgets(1, "predict-1", Predicted(scores, unlike, 0, 0.3595), 0.1).budgets

    assert (ranked.own.flagged, ranked.own.unlike) == (40, 2)
    assert {each.measured for each in by_rank[:9]} == {"held out at random"}
    later = [book.about.forward.pooled.recent, book.about.forward.pooled.fixed] if book.about.forward else []
    assert [by_rank[9].recall, fixed[9].recall] == [each.recall for each in later]
    assert (ranked.own.measured, by_rank[9].measured, fixed[9].measured) == ("later files",) * 3

    assert [each.flagged for each in by_rank[:3]] == [4, 8, 12]
    assert (by_rank[9].threshold, by_rank[9].flagged) == (0.3595, 40)
    assert [each.flagged for each in fixed] != [each.flagged for each in by_rank]
    assert all(each.false_alarms for each in by_rank[9:])


def test_a_larger_budget_never_flags_fewer_than_the_run_did(trained_line: Trained) -> None:
    book = ModelBook(RealModels(trained_line.bundles)).bundle(1)
    few = Predicted(np.linspace(0, 0.5, 60), np.array([]), 0, 0.2, by_rank=True)  # ranked among earlier runs' too

    found = book.budgets(1, "predict-1", few, 0.1)

    flagged = [each.flagged for each in found.budgets]
    assert flagged == sorted(flagged)
    assert flagged[9] == found.own.flagged == 36
