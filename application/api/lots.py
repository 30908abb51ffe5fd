"""Lots over the predictions of the past, from what these published."""

import math
from collections.abc import Iterator
from operator import attrgetter
from threading import Condition

from cachetools import LRUCache, cachedmethod

from application.api.known import AsOf, Known
from application.api.shapes.lots import ChartPoint, LotLine, LotsPage, LotWafer, LotWafers, Measure
from application.errors import RequestInvalid
from application.runs.past import Span, past_predictions
from application.runs.service import Runs
from wafer.errors import ObjectNotFound
from wafer.evaluation.control_chart import Counted, Point, p_chart
from wafer.history.lots import OWN, Lot, Lots, lots_of
from wafer.history.past import PastRun
from wafer.history.reading import Part, read_history
from wafer.history.wafers import ListedWafer, wafers_of
from wafer.store import Store

KEPT = 16  # sums; what was published never changes, so they hold until another run has ended


class LotBook:
    """Tells lots apart by a column of the line, by batch, run or time."""

    def __init__(self, store: Store, runs: Runs, known: Known) -> None:
        self._store = store
        self._runs = runs
        self._known = known
        self._condition = Condition()  # one caller at a time reads the history; the others wait for it
        self._sums: LRUCache[tuple[object, ...], Lots] = LRUCache(KEPT)

    def page(self, by: str, measure: Measure, span: Span) -> LotsPage:
        """Lots in the order of time; `by` nothing: the column that looks like a lot's, else the batch.

        Raises `RequestInvalid` for a column that none of the runs has, `RunNotFound`, `NotPublished`.
        """
        runs = tuple(past_predictions(self._runs, span))
        by = by or self._usual(runs)
        found, columns = self._told_apart(by, runs)
        chart = p_chart([_counted(lot, measure) for lot in found.lots])
        return LotsPage(
            by=by,
            columns=columns,
            measure=measure,
            centre=chart.centre,
            excursions=sum({*point.signals} & {"above", "run above"} != set() for point in chart.points),
            runs=found.runs,
            complete=found.complete,
            left_out=found.left_out,
            lots=[_line(lot, point) for lot, point in zip(found.lots, chart.points, strict=True)],
        )

    def wafers(self, by: str, lot: str, span: Span) -> LotWafers:
        """The wafers of a lot, most suspicious first. Raises `ObjectNotFound` for none, and as `page`."""
        runs = tuple(past_predictions(self._runs, span))
        self._told_apart(by, runs)
        wafers, total = wafers_of(self._parts(by, runs, self._known.as_of()), by, lot)
        if not total:
            raise ObjectNotFound(f"No wafer of these predictions has {lot[:80]!r} in a column {by[:80]!r}.")
        return LotWafers(by=by, lot=lot, total=total, wafers=[_wafer(each) for each in wafers])

    def _told_apart(self, by: str, runs: tuple[PastRun, ...]) -> tuple[Lots, list[str]]:
        """The lots, and every column that can tell them apart."""
        found = self._summed(by, runs, self._known.as_of())
        columns = [*found.context, *OWN]
        if runs and by not in columns:
            raise RequestInvalid(f"No prediction of these has a column {by[:80]!r}; they have {', '.join(columns)}.")
        return found, columns

    def _usual(self, runs: tuple[PastRun, ...]) -> str:
        """The column of the newest prediction that looks like a lot's."""
        newest = next(read_history(self._store, runs), None)
        context = newest.context if newest else ()
        return next((name for name in context if "lot" in name.casefold()), "file")

    @cachedmethod(
        attrgetter("_sums"),
        key=lambda _, by, runs, outcomes: (by, tuple(run.run_id for run in runs), outcomes),
        condition=attrgetter("_condition"),
    )
    def _summed(self, by: str, runs: tuple[PastRun, ...], outcomes: AsOf) -> Lots:
        return lots_of(self._parts(by, runs, outcomes), by)

    def _parts(self, by: str, runs: tuple[PastRun, ...], outcomes: AsOf) -> Iterator[Part]:
        columns = () if by in OWN else (by,)
        return read_history(self._store, runs, columns, self._known.outcomes(outcomes))


def _counted(lot: Lot, measure: Measure) -> Counted:
    return Counted(getattr(lot, measure), lot.known if measure == "failed" else lot.forecasts)


def _line(lot: Lot, point: Point) -> LotLine:
    return LotLine(
        lot=lot.name,
        first=lot.first.isoformat(),
        last=lot.last.isoformat(),
        runs=list(lot.runs),
        wafers=lot.wafers,
        learned=lot.learned,
        flagged=lot.flagged,
        flag_rate=_share(lot.flagged, lot.forecasts),
        inspected=lot.inspected,
        known=lot.known,
        failed=lot.failed,
        yield_=_share(lot.known - lot.failed, lot.known),
        chart=ChartPoint(rate=point.rate, low=point.low, high=point.high, signals=list(point.signals)),
    )


def _wafer(found: ListedWafer) -> LotWafer:
    return LotWafer(
        wafer=found.wafer,
        file=found.file,
        verdict=found.verdict,
        probability=_finite(found.probability),
        threshold=_finite(found.threshold),
        in_training=found.in_training,
        model_version=found.model_version,
        moment=found.moment.isoformat(),
        outcome=None if found.failed is None else "fail" if found.failed else "pass",
        run_id=found.run_id,
    )


def _share(count: int, of: int) -> float | None:
    return count / of if of else None


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
