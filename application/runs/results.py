"""What a run left behind: where it can be read, and what a training decided."""

from application.runs.run import Run
from wafer.errors import NotPublished
from wafer.evaluation.decision import PromotionDecision
from wafer.store import Store, layout, read_marker


def decision_of(store: Store, run: Run) -> PromotionDecision | None:
    """The decision of a training that succeeded; None for any other run."""
    trained = run.pipeline == "train" and run.state == "succeeded"
    return PromotionDecision.from_json(store.get(layout.decision(run.run_id))) if trained else None


def addresses_of(store: Store, run: Run) -> dict[str, str]:
    """Name -> URI of what can be read: the published folder, or the quarantine's manifest and report."""
    if run.state == "succeeded":
        folder, files = layout.published(run.pipeline, run.run_id), layout.OUTPUTS[run.pipeline]
        return {name: f"{store.uri}/{folder}/{file}" for name, file in files.items()}
    refused = layout.quarantine(run.run_id)
    try:
        read_marker(store, refused)
    except NotPublished:
        return {}
    return {name: f"{store.uri}/{refused}/{file}" for name, file in layout.REFUSED.items()}
