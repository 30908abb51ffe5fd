"""Drift over the predictions of the past, as their runs published it."""

from operator import attrgetter
from threading import Condition

from cachetools import LRUCache, cachedmethod

from application.api.lines import Lines
from application.api.shapes.drift import DriftLine, DriftPage, LotDriftLine, LotDriftPage
from application.api.sources import Sources
from application.runs.past import Span, past_predictions
from application.runs.service import Runs
from wafer.errors import ObjectNotFound
from wafer.history.drift import PastDrift, read_drift, used_sensors
from wafer.history.lots import OWN
from wafer.history.past import PastRun
from wafer.history.reading import read_history
from wafer.sensors import LotDrift, drift_by_lot, open_readings
from wafer.sensors.by_lot import lots_of_rows
from wafer.store import Store

KEPT = 16  # runs by their lots; what was published never changes


class DriftBook:
    """Reads one small file of each run; for its lots also the readings of that run."""

    def __init__(self, store: Store, runs: Runs, sources: Sources, lines: Lines) -> None:
        self._store = store
        self._runs = runs
        self._sources = sources
        self._lines = lines
        self._condition = Condition()  # one caller at a time reads; the others wait for what it found
        self._tables: LRUCache[tuple[str, str], LotDriftPage] = LRUCache(KEPT)

    def page(self, span: Span) -> DriftPage:
        """Drift of the newest predictions, the oldest first. Raises `RunNotFound`, `NotPublished`."""
        found = list(read_drift(self._store, past_predictions(self._runs, span)))
        return DriftPage(runs=[self._line(each) for each in reversed(found)])

    def lots(self, run_id: str, by: str) -> LotDriftPage:
        """Drift of each lot of a prediction. Raises `RunNotFound`, `NotPublished`, `ObjectNotFound`, `ModelNotFound`.

        `ObjectNotFound`: the run is older than published readings, or its wafers have no such column.
        """
        (run,) = past_predictions(self._runs, Span(run_id=run_id))
        return self._by_lot(run, by)

    @cachedmethod(attrgetter("_tables"), key=lambda _, run, by: (run.run_id, by), condition=attrgetter("_condition"))
    def _by_lot(self, run: PastRun, by: str) -> LotDriftPage:
        parts = list(read_history(self._store, [run], () if by in OWN else (by,), latest=False))
        if not parts or not len(parts[0].rows) or by not in (*parts[0].context, *OWN):
            raise ObjectNotFound(f"The wafers of run {run.run_id} have no column {by[:80]!r}.")
        models = self._lines.past(parts[0].contract).models
        statistics = models.bundle(parts[0].rows["model_version"][0].as_py()).statistics
        with open_readings(self._store, run.run_id) as readings:
            rows = lots_of_rows(readings.who, parts, by)
            found = drift_by_lot(readings, rows, statistics, used_sensors(self._store, run))
            sensors = len(readings.sensors)
        lines = [_lot_line(each, sensors) for each in sorted(found, key=attrgetter("lot"))]
        return LotDriftPage(run_id=run.run_id, by=by, sensors=sensors, lots=lines)

    def _line(self, found: PastDrift) -> DriftLine:
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


def _lot_line(found: LotDrift, sensors: int) -> LotDriftLine:
    return LotDriftLine(
        lot=found.lot,
        wafers=found.wafers,
        outside=list(found.outside),
        share=len(found.outside) / sensors,
        moved=list(found.moved),
        left=list(found.left),
        silent=list(found.silent),
    )
