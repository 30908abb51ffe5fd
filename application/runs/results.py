"""What a run left behind, as the one object that `--json` prints and the service answers."""

import json
from typing import Any

from wafer.errors import NotPublished, WaferError
from wafer.runs import PUBLISHED_UNDER, Outcome, Pipeline, StageRecord, stage_records
from wafer.store import Store, read_marker

PUBLISHED: dict[Pipeline, dict[str, str]] = {
    "train": {"manifest": "manifest.json", "report": "report.html", "decision": "decision.json"},
    "predict": {"manifest": "manifest.json", "predictions": "predictions.csv", "report": "report.html"},
}
REFUSED = {"manifest": "_manifest.json", "report": "_report.html"}


def result(store: Store, outcome: Outcome) -> dict[str, Any]:
    """The run as one JSON object: id, state, stages, outputs; for a training its model version and metrics."""
    found: dict[str, Any] = {
        "run_id": outcome.run_id,
        "pipeline": outcome.pipeline,
        "state": outcome.state,
        "stages": [_stage(record) for record in stage_records(store, outcome.run_id)],
        "outputs": outputs(store, outcome),
    }
    if outcome.state == "failed":
        found["error"] = _error(outcome)
    elif outcome.pipeline == "train":
        decision = json.loads(store.get(f"training/{outcome.run_id}/decision.json"))
        found |= {"model_version": decision["model_version"], "metrics": decision["metrics"]}
        found["promoted"] = decision["promoted"]
    return found


def outputs(store: Store, outcome: Outcome) -> dict[str, str]:
    """Name -> URI of what can be read: the published folder, or the quarantine's manifest and report."""
    if outcome.published:
        return {name: f"{outcome.published}/{file}" for name, file in PUBLISHED[outcome.pipeline].items()}
    try:
        read_marker(store, f"quarantine/{outcome.run_id}")
    except NotPublished:
        return {}
    return {name: f"{store.uri}/quarantine/{outcome.run_id}/{file}" for name, file in REFUSED.items()}


def published_prefix(outcome: Outcome) -> str:
    """Key prefix of the run's published folder."""
    return f"{PUBLISHED_UNDER[outcome.pipeline]}/{outcome.run_id}"


def _stage(record: StageRecord) -> dict[str, Any]:
    return {"name": record.stage, "state": record.state, "seconds": record.seconds, "counts": record.counts}


def _error(outcome: Outcome) -> dict[str, Any]:
    error = outcome.error
    return {
        "code": error.code if error else WaferError.code,
        "message": error.message if error else "The run ended without a result.",
        "stage": outcome.failed_stage,
        "retry_helps": bool(error and error.retry_helps),
    }
