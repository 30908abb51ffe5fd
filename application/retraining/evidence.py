"""What has come since the last training: read from the ledger, the store and the scorecard, remembered nowhere."""

import json
from collections.abc import Iterable, Iterator, Sequence

from application.retraining.policy import Evidence
from application.runs.results import decision_of
from application.runs.run import Run
from application.runs.service import Runs
from application.runs.signs import Judge, broken_promise, drift_warnings
from wafer.errors import ObjectNotFound
from wafer.store import Store, layout, list_batches


def last_training(history: Iterable[Run]) -> tuple[Run | None, list[Run]]:
    """The last training that succeeded, and every run that is newer, newest first."""
    since: list[Run] = []
    for run in history:
        if run.pipeline == "train" and run.state == "succeeded":
            return run, since
        since.append(run)
    return None, since


def evidence_of(runs: Runs, store: Store, judge: Judge, contract: str) -> tuple[Evidence, Run | None]:
    """The evidence, and the training of a contract that would be repeated.

    Raises what ledger, store and registry do.
    """
    trained, since = last_training(_history(runs, contract))
    running = next((run.run_id for run in since if run.pipeline == "train" and run.active), "")
    if not trained:
        return Evidence("", running=running), None
    card, decision = judge(contract), decision_of(store, trained)
    broken = broken_promise(card) if card else None
    return Evidence(
        trained=trained.run_id,
        batches=_new_batches(store, trained, since, _history(runs, contract)),
        drifted=tuple(run.run_id for run in _succeeded(since, "predict") if drift_warnings(store, run.run_id)),
        broken=broken.period if broken else "",
        answered=bool(card and decision and card.version != decision.model_version),
        running=running,
    ), trained


def _history(runs: Runs, contract: str) -> Iterator[Run]:
    return (run for run in runs.history() if run.contract == contract)


def _succeeded(some: Iterable[Run], pipeline: layout.Pipeline) -> list[Run]:
    """Runs of a pipeline that succeeded, oldest first."""
    return sorted(
        (run for run in some if run.pipeline == pipeline and run.state == "succeeded"), key=lambda run: run.position
    )


def _new_batches(store: Store, trained: Run, since: Sequence[Run], history: Iterable[Run]) -> tuple[str, ...]:
    """Names of labelled files that the training did not know: besides its own, and sent as outcomes after it began.

    A file counts once, by its name, whether it came as a batch or as outcomes.
    """
    known = set(_files(store, trained))
    newer = {run.run_id for run in since}
    sent: set[str] = set()
    for run in _succeeded(history, "outcomes"):
        (sent if run.run_id in newer or run.finished > trained.created else known).update(_files(store, run))
    sent |= {batch.name for batch in list_batches(trained.source) if ".csv" in batch.name.lower()}
    return tuple(sorted(sent - known))


def _files(store: Store, run: Run) -> list[str]:
    """Names of the files that a run took in or refused."""
    try:
        manifest = json.loads(store.get(f"{layout.published(run.pipeline, run.run_id)}/{layout.MANIFEST}"))
    except ObjectNotFound:
        return []
    return [each["name"] for each in manifest["files"]]
