"""A run as the interface shows it: what the service knows of it, and what lies in the store."""

from dataclasses import replace
from operator import attrgetter
from threading import Condition
from urllib.parse import quote

from cachetools import LRUCache, TTLCache, cachedmethod

from application.api.problems import without_folder
from application.api.shapes.runs import Output, RunDetail, RunSummary, Stage, StageState
from application.api.sources import Sources
from application.runs.results import decision_of
from application.runs.run import CONTRACT, Run
from application.runs.service import Runs
from pipelines.table import base_name, label, planned, summary
from wafer.errors import NotPublished
from wafer.runs import RunError, TaskRecord
from wafer.store import MARKER, Store, layout, read_marker

MEDIA = {
    "html": "text/html",
    "json": "application/json",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
}
FRESH_SECONDS = 0.5  # however many look at a running run, store and backend are asked this often
KEPT = 256
Revision = tuple[str, int]  # of a run: its id and how often it changed


class Views:
    """Shows runs."""

    def __init__(self, runs: Runs, store: Store, sources: Sources) -> None:
        self._runs = runs
        self._store = store
        self._sources = sources
        self._condition = Condition()  # one caller at a time makes a run's view; the others wait for it
        self._ended: LRUCache[Revision, RunDetail] = LRUCache(KEPT)
        self._under_way: TTLCache[Revision, RunDetail, float] = TTLCache(KEPT, FRESH_SECONDS)

    def summary(self, run: Run) -> RunSummary:
        """A line of the history."""
        return RunSummary(
            run_id=run.run_id,
            pipeline=run.pipeline,
            state=run.state,
            cancelling=bool(run.active and run.cancelled_by),
            source=self._sources.shown(run.source),
            contract=run.contract,
            contract_digest=run.contract_digest,
            requested_by=run.requested_by,
            created=run.created,
            started=run.started or None,
            finished=run.finished or None,
            attempt=run.attempt,
            retries=list(run.retries),
            error=self._told(run.error),
            removed=run.removed or None,
            removed_by=run.removed_by or None,
        )

    def run(self, run_id: str) -> RunDetail:
        """Everything about a run as it is now. Raises `RunNotFound`."""
        run = self._runs.find(run_id)
        return self._now(run) if run.active else self._afterwards(run)

    def _told(self, error: RunError | None) -> RunError | None:
        """An error as it is shown outside."""
        return error and replace(error, message=without_folder(error.message, self._store.uri))

    @cachedmethod(attrgetter("_under_way"), key=lambda _, run: revision_of(run), condition=attrgetter("_condition"))
    def _now(self, run: Run) -> RunDetail:
        return self._detail(run)

    @cachedmethod(attrgetter("_ended"), key=lambda _, run: revision_of(run), condition=attrgetter("_condition"))
    def _afterwards(self, run: Run) -> RunDetail:
        return self._detail(run)

    def _detail(self, known: Run) -> RunDetail:
        run = self._runs.look(known)
        decision = decision_of(self._store, run)
        return RunDetail(
            **dict(self.summary(run)),
            parameters={
                name: self._sources.shown(str(value)) if name in (*CONTRACT, "outcomes") else value
                for name, value in run.parameters.items()
            },
            stages=[each.model_copy(update={"error": self._told(each.error)}) for each in _stages(run)],
            outputs=outputs_of(self._store, run, "outputs") if run.state == "succeeded" else [],
            refused=outputs_of(self._store, run, "refused") if _validated(run) else [],
            model_version=decision.model_version if decision else None,
            promoted=decision.promoted if decision else None,
            decided=decision.decided if decision else None,
            reason=decision.explained if decision else None,
            metrics=decision.metrics.to_json() if decision else None,
            forward_auc=decision.forward_auc if decision else None,
        )


def revision_of(run: Run) -> Revision:
    """What a cache knows a run by."""
    return run.run_id, run.revision


def folder_of(run: Run, kind: str) -> str:
    """Key prefix of what a run published (`outputs`) or of what the contract refused (`refused`)."""
    return layout.published(run.pipeline, run.run_id) if kind == "outputs" else layout.quarantine(run.run_id)


def outputs_of(store: Store, run: Run, kind: str) -> list[Output]:
    """The files of a published folder; none when nothing is published."""
    try:
        marker = read_marker(store, folder_of(run, kind))
    except NotPublished:
        return []
    return [
        Output(
            name=name,
            href=f"/runs/{run.run_id}/{kind}/{quote(name)}",
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


def _validated(run: Run) -> bool:
    return any(task.name == "validate" and task.ended for task in run.tasks)


def _stages(run: Run) -> list[Stage]:
    told = {base_name(task.name) for task in run.tasks}
    missing: StageState = "pending" if run.active else "skipped"
    untold = [name for name in planned(run.pipeline) if name not in told]
    return [_stage(task) for task in run.tasks] + [_untold(name, missing) for name in untold]


def _untold(name: str, state: StageState) -> Stage:
    return Stage(
        name=name,
        label=label(name),
        state=state,
        started=None,
        seconds=None,
        counts={},
        summary="",
        error=None,
        progress=None,
    )


def _stage(task: TaskRecord) -> Stage:
    return Stage(
        name=task.name,
        label=label(task.name),
        state=task.state,
        started=task.started or None,
        seconds=(task.ended and task.seconds) or None,
        counts=task.counts,
        summary=summary(task.name, task.counts),
        error=task.error,
        progress=task.progress,
    )
