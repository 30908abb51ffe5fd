"""Drift over the predictions of the past, as their runs published it."""

from typing import TYPE_CHECKING

from application.api.shapes.drift import DriftLine, DriftPage
from application.api.sources import Sources
from application.runs.past import Span, past_predictions
from application.runs.service import Runs
from wafer.store import Store

if TYPE_CHECKING:
    from wafer.history.drift import PastDrift


class DriftBook:
    """Reads one small file of each run."""

    def __init__(self, store: Store, runs: Runs, sources: Sources) -> None:
        self._store = store
        self._runs = runs
        self._sources = sources

    def page(self, span: Span) -> DriftPage:
        """Drift of the newest predictions, the oldest first. Raises `RunNotFound`, `NotPublished`."""
        from wafer.history.drift import read_drift  # with pyarrow 0.3 s of a start

        found = list(read_drift(self._store, past_predictions(self._runs, span)))
        return DriftPage(runs=[self._line(each) for each in reversed(found)])

    def _line(self, found: "PastDrift") -> DriftLine:
        return DriftLine(
            run_id=found.run.run_id,
            ended=found.run.ended.isoformat(),
            source=self._sources.shown(found.run.source),
            wafers=found.wafers,
            sensors=found.sensors,
            outside=list(found.outside),
            share=len(found.outside) / found.sensors if found.sensors else None,
            moved=list(found.moved),
            left=list(found.left),
            silent=list(found.silent),
            unlike=found.unlike,
            warnings=list(found.warnings),
        )
