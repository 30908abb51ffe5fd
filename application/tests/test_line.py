"""What Prometheus is told of the line itself."""

import json
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest

from application.api.line import Line
from application.tests.serving import Service
from wafer.evaluation.standing import Scorecard, Standing, Statement
from wafer.store import layout


def told(service: Service, statement: Statement) -> str:
    registry = CollectorRegistry()
    line = Line(registry, service.parts.runs, service.parts.store, lambda: [card(statement)])
    line.look()
    return generate_latest(registry).decode()


def card(statement: Statement) -> Scorecard:
    total = Standing(
        period="2026-11",
        wafers=100,
        failures=5,
        expected_failures=5.0,
        found=3,
        false_alarms=30,
        inspected=0,
        budget=0.1,
        recall=None,
        false_alarm_rate=None,
        statement=statement,
        auc=None,
    )
    return Scorecard(version=2, unit="month", in_training=0, total=total, periods=(), calibration=())


def test_the_newest_runs_and_the_warnings_of_the_newest_prediction_are_told(service: Service, predicted: str) -> None:
    drift = {"warnings": ["Sensor-1 has moved.", "Sensor-2 is silent."]}
    service.parts.store.put(f"{layout.published('predict', predicted)}/{layout.DRIFT}", json.dumps(drift).encode())
    ended = datetime.fromisoformat(next(service.parts.runs.history()).finished).timestamp()

    text = told(service, "kept")

    found = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(found['wafer_last_run_timestamp_seconds{pipeline="predict",state="succeeded"}']) == ended
    assert float(found['wafer_last_run_timestamp_seconds{pipeline="train",state="failed"}']) == 0
    assert float(found["wafer_drift_warnings"]) == 2
    assert float(found["wafer_promise_broken"]) == 0


def test_a_broken_promise_is_told(service: Service) -> None:
    assert "wafer_promise_broken 1.0" in told(service, "broken")


def test_the_age_of_the_oldest_run_that_waits_is_told(service: Service) -> None:
    with service.client() as client:
        client.post("/train", json={"source": service.batches("raw/train/lot-1")})
        text = client.get("/metrics").text

    ages = [line for line in text.splitlines() if line.startswith("wafer_runs_oldest_seconds{")]
    assert any(float(line.rsplit(" ", 1)[1]) > 0 for line in ages if 'pipeline="train"' in line)
    assert all(float(line.rsplit(" ", 1)[1]) == 0 for line in ages if 'pipeline="predict"' in line)
