"""A run as the interface shows it: the ledger's entry, its stages, and what lies in the store."""

from collections.abc import Sequence
from operator import attrgetter
from threading import Condition
from typing import Any
from urllib.parse import quote

from cachetools import LRUCache, TTLCache, cachedmethod

from application.api.shapes.runs import Output, Run, RunError, RunSummary, Stage, StageState, State
from application.api.sources import Sources
from application.runs.ledger.protocol import Entry
from application.runs.results import published_decision
from application.runs.service import Runs
from pipelines.table import base_name, label, planned, summary
from wafer.errors import NotPublished
from wafer.evaluation.decision import PromotionDecision
from wafer.runs import StageRecord, stage_records
from wafer.store import MARKER, Store, layout, read_marker

MEDIA = {
    "html": "text/html",
    "json": "application/json",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
}
FRESH_SECONDS = 0.5  # however many look at a run under way, store and backend are asked this often
KEPT = 256
Revision = tuple[str, int]  # of a run: its id and how often its entry changed


class Views:
    """Shows runs."""

    def __init__(self, runs: Runs, store: Store, sources: Sources) -> None:
        self._runs = runs
        self._store = store
        self._sources = sources
        self._condition = Condition()  # one caller at a time makes a run's view; the others wait for it
        self._ended: LRUCache[Revision, Run] = LRUCache(KEPT)
        self._under_way: TTLCache[Revision, Run, float] = TTLCache(KEPT, FRESH_SECONDS)

    def summary(self, entry: Entry) -> RunSummary:
        """A line of the history."""
        return RunSummary(**self._facts(entry))

    def run(self, run_id: str) -> Run:
        """Everything about a run as it is now. Raises `RunNotFound`."""
        entry = self._runs.entry(run_id)
        return self._now(entry) if entry.active else self._ended_run(entry)

    @cachedmethod(attrgetter("_under_way"), key=lambda _, entry: revision_of(entry), condition=attrgetter("_condition"))
    def _now(self, entry: Entry) -> Run:
        entry, status = self._runs.look(entry)
        if not entry.active:
            return self._ended_run(entry)
        return self._shown(entry, status.stages if status else ())

    @cachedmethod(attrgetter("_ended"), key=lambda _, entry: revision_of(entry), condition=attrgetter("_condition"))
    def _ended_run(self, entry: Entry) -> Run:
        return self._shown(entry, stage_records(self._store, entry.run_id))

    def _shown(self, entry: Entry, records: Sequence[StageRecord]) -> Run:
        published = entry.state == "succeeded"
        outputs = outputs_of(self._store, entry, "outputs") if published else []
        refused = outputs_of(self._store, entry, "refused") if _refused_something(records) else []
        decided = self._decision(entry)
        return Run(
            **self._facts(entry),
            parameters=self._named(entry),
            stages=_stages(entry, records),
            outputs=outputs,
            refused=refused,
            model_version=decided.model_version if decided else None,
            promoted=decided.promoted if decided else None,
            reason=decided.reason if decided else None,
            metrics=decided.metrics.to_json() if decided else None,
        )

    def _facts(self, entry: Entry) -> dict[str, Any]:
        return {
            "run_id": entry.run_id,
            "pipeline": entry.pipeline,
            "state": _state(entry),
            "cancelling": bool(entry.active and entry.cancelled_by),
            "source": self._sources.shown(entry.source),
            "requested_by": entry.requested_by,
            "created": entry.created,
            "started": entry.started or None,
            "finished": entry.finished or None,
            "attempt": entry.attempt,
            "error": RunError(**entry.error) if entry.error else None,
        }

    def _named(self, entry: Entry) -> dict[str, Any]:
        return {
            name: self._sources.shown(value) if name in {"schema", "policy"} else value
            for name, value in entry.parameters.items()
        }

    def _decision(self, entry: Entry) -> PromotionDecision | None:
        trained = entry.pipeline == "train" and entry.state == "succeeded"
        return published_decision(self._store, entry.run_id) if trained else None


def revision_of(entry: Entry) -> Revision:
    """What a cache knows a run's entry by."""
    return entry.run_id, entry.revision


def folder_of(entry: Entry, kind: str) -> str:
    """Key prefix of what a run published (`outputs`) or of what the contract refused (`refused`)."""
    return layout.published(entry.pipeline, entry.run_id) if kind == "outputs" else layout.quarantine(entry.run_id)


def outputs_of(store: Store, entry: Entry, kind: str) -> list[Output]:
    """The files of a published folder; none when nothing is published."""
    try:
        marker = read_marker(store, folder_of(entry, kind))
    except NotPublished:
        return []
    return [
        Output(
            name=name,
            href=f"/runs/{entry.run_id}/{kind}/{quote(name)}",
            media_type=media_type(name),
            bytes=file.bytes,
            sha256=file.sha256,
        )
        for name, file in sorted(marker.files.items())
        if name != MARKER
    ]


def media_type(name: str) -> str:
    """What a file is, by its ending."""
    return MEDIA.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def _refused_something(records: Sequence[StageRecord]) -> bool:
    return any(record.stage == "validate" and record.state != "running" for record in records)


def _state(entry: Entry) -> State:
    return "queued" if entry.state == "starting" else entry.state


def _stages(entry: Entry, records: Sequence[StageRecord]) -> list[Stage]:
    told = {base_name(record.stage) for record in records}
    missing: StageState = "pending" if entry.active else "skipped"
    untold = [name for name in planned(entry.pipeline) if name not in told]
    return [_stage(entry, record) for record in records] + [_untold(name, missing) for name in untold]


def _untold(name: str, state: StageState) -> Stage:
    return Stage(
        name=name, label=label(name), state=state, started=None, seconds=None, counts={}, summary="", error=None
    )


def _stage(entry: Entry, record: StageRecord) -> Stage:
    cut = record.state == "running" and not entry.active
    state: StageState = "failed" if cut else record.state
    error = record.error
    return Stage(
        name=record.stage,
        label=label(record.stage),
        state=state,
        started=record.started or None,
        seconds=None if record.state == "running" else record.seconds,
        counts=record.counts,
        summary=summary(record.stage, record.counts),
        error=RunError(code=error.code, message=error.message, stage=record.stage, retry_helps=error.retry_helps)
        if error
        else None,
    )
