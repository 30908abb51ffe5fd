"""What a run left behind, as the one object that `--json` prints and the service answers."""

from typing import Any

from wafer.errors import NotPublished, WaferError
from wafer.evaluation.decision import PromotionDecision
from wafer.runs import Outcome, StageRecord, stage_records
from wafer.store import Store, layout, read_marker


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
        decision = published_decision(store, outcome.run_id)
        found |= {"model_version": decision.model_version, "metrics": decision.metrics.to_json()}
        found["promoted"] = decision.promoted
    return found


def published_decision(store: Store, run_id: str) -> PromotionDecision:
    """What a finished training decided about its version."""
    return PromotionDecision.from_json(store.get(layout.decision(run_id)))


def outputs(store: Store, outcome: Outcome) -> dict[str, str]:
    """Name -> URI of what can be read: the published folder, or the quarantine's manifest and report."""
    if outcome.published:
        return {name: f"{outcome.published}/{file}" for name, file in layout.OUTPUTS[outcome.pipeline].items()}
    refused = layout.quarantine(outcome.run_id)
    try:
        read_marker(store, refused)
    except NotPublished:
        return {}
    return {name: f"{store.uri}/{refused}/{file}" for name, file in layout.REFUSED.items()}


def published_prefix(outcome: Outcome) -> str:
    """Key prefix of the run's published folder."""
    return layout.published(outcome.pipeline, outcome.run_id)


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
