"""Looking at a run on its backend, and writing down how it ended: whoever sees it first does, once."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import structlog

from application.api.metrics import Metrics
from application.backends.base import Backend, Handle, Status
from application.runs.ledger.protocol import Entry, Ledger, RunState
from wafer.errors import RunNotFound, WaferError
from wafer.runs import Outcome, StageRecord


class Settler:
    """Settles runs that have ended."""

    def __init__(self, ledger: Ledger, backend: Backend, metrics: Metrics) -> None:
        self._ledger = ledger
        self._backend = backend
        self._metrics = metrics

    def look(self, entry: Entry) -> tuple[Entry, Status | None]:
        """A run as it is now, and where it stands on its backend; one that has ended there is settled on the way."""
        if entry.state != "running":
            return entry, None
        try:
            status = self._backend.status(handle(entry))
        except RunNotFound as error:
            return self._end(entry, "failed", said(error), (), now()), None
        return (self._settled(entry, status, status.outcome), status) if status.outcome else (entry, status)

    def give_up(self, entry: Entry, error: WaferError) -> Entry:
        """Fail a run that could not be started."""
        return self._end(entry, "failed", said(error), (), now())

    def _settled(self, entry: Entry, status: Status, outcome: Outcome) -> Entry:
        state: RunState = "succeeded" if outcome.state == "succeeded" else "failed"
        if state == "failed" and entry.cancelled_by:
            state = "cancelled"
        error = _error(outcome) if state == "failed" else {}
        return self._end(entry, state, error, status.stages, _finished(status))

    def _end(
        self, entry: Entry, state: RunState, error: Mapping[str, Any], stages: tuple[StageRecord, ...], finished: str
    ) -> Entry:
        changed = self._ledger.change(entry, state=state, finished=finished, error=dict(error))
        if not changed:
            return self._ledger.get(entry.run_id) or entry
        self._metrics.ended(changed, stages)
        structlog.get_logger().info(
            "run.finished", run_id=entry.run_id, pipeline=entry.pipeline, state=state, code=error.get("code", "")
        )
        return changed


def handle(entry: Entry) -> Handle:
    """How the backend knows a run."""
    return Handle(entry.run_id, entry.pipeline, entry.native_id)


def now() -> str:
    """This moment, as the ledger writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def said(error: WaferError) -> dict[str, Any]:
    """An error that no stage had, as the ledger writes it."""
    return {"code": error.code, "message": error.message, "stage": None, "retry_helps": error.retry_helps}


def _error(outcome: Outcome) -> dict[str, Any]:
    if not outcome.error:
        return {
            "code": WaferError.code,
            "message": "The run ended without a result.",
            "stage": None,
            "retry_helps": False,
        }
    return {**asdict(outcome.error), "stage": outcome.failed_stage}


def _finished(status: Status) -> str:
    """When the last stage ended: a run may be looked at for the first time long after."""
    ends = [stage.started + stage.seconds for stage in status.stages if stage.state != "running" and stage.started]
    return datetime.fromtimestamp(max(ends), UTC).isoformat(timespec="milliseconds") if ends else now()
