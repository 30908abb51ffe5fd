"""Sensors of past predictions, read from what these published."""

import io
from collections.abc import Iterator
from dataclasses import asdict
from math import isfinite, nan
from operator import attrgetter
from threading import Condition

import pyarrow as pa
import pyarrow.parquet as pq
from cachetools import LRUCache, cachedmethod

from application.api.files import published_bytes
from application.api.known import Known
from application.api.lines import Lines
from application.api.predictions import Predictions, version_of
from application.api.shapes.sensors import (
    RunSensors,
    ScreenedSensor,
    SensorBatch,
    SensorBehindFlags,
    SensorDistribution,
    SensorReading,
    SensorsBehindFlags,
    SensorSeries,
    TrainingReadings,
)
from application.api.views import Revision, revision_of
from application.errors import RequestInvalid
from application.runs.past import Span, past_predictions
from application.runs.run import Run
from application.runs.service import Runs
from wafer.errors import BundleRejected, ModelNotFound, ObjectNotFound
from wafer.history.lots import OWN
from wafer.history.past import PastRun
from wafer.history.reading import read_history
from wafer.model.statistics import LEVELS
from wafer.sensors import (
    BatchReadings,
    Distribution,
    LineOrder,
    Pareto,
    Readings,
    Reference,
    Screened,
    Series,
    line_order,
    open_readings,
    screening_of,
    series_of,
)
from wafer.sensors.pareto import REASONS, pareto_of
from wafer.store import Store, layout
from wafer.wafers.arrays import Floats

KEPT = 8  # orders of wafers, and Pareto counts; what was published never changes


class SensorBook:
    """Answers about sensors: of one run, or of the history."""

    def __init__(self, store: Store, runs: Runs, predictions: Predictions, lines: Lines, known: Known) -> None:
        self._store = store
        self._runs = runs
        self._predictions = predictions
        self._models = lines
        self._known = known
        self._condition = Condition()  # one caller at a time reads; the others wait for what it found
        self._lines: LRUCache[Revision, LineOrder] = LRUCache(KEPT)
        self._counts: LRUCache[tuple[object, ...], Pareto] = LRUCache(KEPT)

    def behind_flags(self, span: Span, by: str, lot: str) -> SensorsBehindFlags:
        """Sensors that flagged wafers name: of some predictions, or of those wafers that have `lot` in a column.

        Raises `RequestInvalid` for a column that none of the runs has, `RunNotFound`, `NotPublished`.
        """
        runs = tuple(past_predictions(self._runs, span))
        found = self._counted(runs, by, lot)
        columns = [*found.context, *OWN]
        if runs and by not in ("", *columns):
            raise RequestInvalid(f"No prediction of these has a column {by[:80]!r}; they have {', '.join(columns)}.")
        bars = [
            SensorBehindFlags(sensor=each.sensor, wafers=each.wafers, carried=each.carried, cumulative=each.cumulative)
            for each in found.bars
        ]
        return SensorsBehindFlags(
            by=by,
            lot=lot,
            columns=columns,
            runs=found.runs,
            flagged=found.flagged,
            explained=found.explained,
            sensors=bars,
        )

    def of_run(self, run: Run) -> RunSensors:
        """All sensors that a prediction's model uses. Raises `NotPublished`, `ObjectNotFound`."""
        table = self._predictions.table(run)
        found = screening_of(published_bytes(self._store, run, layout.DRIFT))
        named = self._named(run)
        return RunSensors(
            run_id=run.run_id,
            model_version=version_of(table),
            wafers=table.num_rows,
            warnings=list(found.warnings),
            sensors=[_screened(each, named.get(each.sensor, 0)) for each in found.sensors],
        )

    def series(self, run: Run, sensor: str, most: int) -> SensorSeries:
        """One sensor over the wafers of a run, with about `most` readings. Raises `NotPublished`, `ObjectNotFound`."""
        version = version_of(self._predictions.table(run))
        training = self._training(run, version, sensor)
        line, values = self._read(run, sensor)
        passing = training.passing if training else [None] * len(LEVELS)
        reference = Reference([nan if each is None else each for each in passing])
        outcomes = self._known.outcomes().of(pa.chunked_array([line.ids]))
        found = series_of(line, values, reference, outcomes, most=most)
        screened = next((each for each in self.of_run(run).sensors if each.sensor == sensor), None)
        return SensorSeries(
            run_id=run.run_id,
            model_version=version,
            sensor=sensor,
            wafers=found.wafers,
            silent=found.silent,
            stretch=found.stretch,
            points=list(_points(line, found, outcomes)),
            batches=[_batch(each) for each in found.batches],
            levels=list(LEVELS),
            training=training,
            now=_distribution(found.now),
            passed=_distribution(found.passed),
            failed=_distribution(found.failed),
            screened=screened,
        )

    def readings(self, run: Run, sensor: str) -> Iterator[SensorReading]:
        """Every wafer of a run with what the sensor read. Raises `NotPublished`, `ObjectNotFound`."""
        line, values = self._read(run, sensor)
        outcomes = self._known.outcomes().of(pa.chunked_array([line.ids]))
        return (_reading(line, at, float(value), outcomes[at].as_py()) for at, value in enumerate(values))

    def _training(self, run: Run, version: int | None, sensor: str) -> TrainingReadings | None:
        try:
            return None if version is None else self._models.past(run.contract).models.bundle(version).trained(sensor)
        except (ModelNotFound, ObjectNotFound, BundleRejected):
            return None

    def _named(self, run: Run) -> dict[str, int]:
        """How many flagged wafers of a run name each sensor."""
        found = self._counted(tuple(past_predictions(self._runs, Span(run_id=run.run_id))), "", "")
        return {each.sensor: each.wafers for each in found.bars}

    @cachedmethod(
        attrgetter("_counts"),
        key=lambda _, runs, by, lot: (tuple(run.run_id for run in runs), by, lot),
        condition=attrgetter("_condition"),
    )
    def _counted(self, runs: tuple[PastRun, ...], by: str, lot: str) -> Pareto:
        columns = (REASONS,) if by in ("", *OWN) else (REASONS, by)
        return pareto_of(read_history(self._store, runs, columns), by, lot)

    def _read(self, run: Run, sensor: str) -> tuple[LineOrder, Floats]:
        """The order of a run's wafers, and what the sensor read in it."""
        with open_readings(self._store, run.run_id) as readings:
            values = readings.column(sensor)
            line = self._line(run, readings)
        return line, values[line.order]

    @cachedmethod(attrgetter("_lines"), key=lambda _, run, __: revision_of(run), condition=attrgetter("_condition"))
    def _line(self, run: Run, readings: Readings) -> LineOrder:
        ids = pq.read_table(io.BytesIO(published_bytes(self._store, run, layout.DOCUMENTS)))["_id"]
        return line_order(readings.who, self._predictions.table(run), ids, readings.stamp)


def _screened(each: Screened, flagged: int) -> ScreenedSensor:
    return ScreenedSensor(**asdict(each), flagged=flagged)


def _points(line: LineOrder, found: Series, outcomes: pa.Array) -> Iterator[SensorReading]:
    for at in found.shown.tolist():
        yield _reading(line, at, float(found.values[at]), outcomes[at].as_py())


def _reading(line: LineOrder, at: int, value: float, failed: bool | None) -> SensorReading:
    return SensorReading(
        at=at,
        wafer=line.wafers[at].as_py(),
        file=line.files[line.batch[at]],
        value=value if isfinite(value) else None,
        verdict=line.verdicts[at].as_py(),
        in_training=line.learned[at].as_py(),
        rank=int(line.ranks[at]),
        outcome=None if failed is None else "fail" if failed else "pass",
    )


def _batch(each: BatchReadings) -> SensorBatch:
    return SensorBatch(**asdict(each) | {"moment": each.moment.isoformat() if each.moment else None})


def _distribution(found: Distribution | None) -> SensorDistribution | None:
    return SensorDistribution(wafers=found.wafers, quantiles=list(found.quantiles)) if found else None
