"""The predictions of a run, read from what it published. Imports pyarrow: part of the history."""

import io
import json
import math
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from operator import attrgetter
from threading import Condition
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from cachetools import LRUCache, cachedmethod

from application.api.files import published_bytes
from application.api.shapes.predictions import Neighbour, Prediction, PredictionPage, Verdict, WaferBatch
from application.api.views import Revision, revision_of
from application.errors import WaferAmbiguous
from application.lists.context import context_of
from application.lists.neighbours import batch_of, neighbours, rank_of
from application.lists.selection import DISPOSITION, by_disposition, judged, selected
from application.lists.wanted import Selection
from application.runs.run import Run
from wafer.errors import NotPublished, ObjectNotFound
from wafer.history.outcomes import KnownOutcomes
from wafer.outcomes.dispositions import InForce, dispositions_of, in_force
from wafer.store import Store, layout
from wafer.wafers.arrays import Floats

TABLES_KEPT = 4
BATCHES_KEPT = 16
NAMES_COMPARED = 20_000  # in search of one like a name that is unknown


def _nobody() -> Floats:
    return np.array([])


@dataclass(frozen=True, slots=True)
class Predicted:
    """The probabilities of a run's wafers that are forecasts, and how many more the model learned from.

    `unlike` are those of the wafers to inspect, `threshold` is the run's own, and `by_rank` says whether it kept its
    budget by rank among recent scores.
    """

    probabilities: Floats
    unlike: Floats
    in_training: int
    threshold: float
    by_rank: bool = False
    good: Floats = field(default_factory=_nobody)  # of those whose outcome is known, without those to inspect
    failed: Floats = field(default_factory=_nobody)


class Predictions:
    """Pages through a run's table of predictions; the newest few tables stay in memory."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._condition = Condition()  # one caller at a time reads a table; the others wait for it
        self._tables: LRUCache[Revision, pa.Table] = LRUCache(TABLES_KEPT)
        self._selecting = Condition()
        self._selections: LRUCache[tuple[Revision, Selection], tuple[pa.Table, pa.Table]] = LRUCache(TABLES_KEPT)
        self._grouping = Condition()
        self._batches: LRUCache[tuple[Revision, str], pa.Table] = LRUCache(BATCHES_KEPT)

    def page(self, run: Run, wanted: Selection, *, offset: int, limit: int) -> PredictionPage:
        """Some wafers in the order that is wanted. Raises `NotPublished`, `RequestInvalid` for an unknown column."""
        found, ranked = self._selected(run, wanted)
        decided = self._decided(run)
        found = _by_words(found, wanted, decided)
        after, named = offset + limit, context_of(found)
        return PredictionPage(
            run_id=run.run_id,
            model_version=self.version(run),
            total=found.num_rows,
            offset=offset,
            next=after if after < found.num_rows else None,
            counts=_counts(ranked),
            columns=list(named),
            predictions=[prediction_of(row, named, decided) for row in found.slice(offset, limit).to_pylist()],
        )

    def selection(self, run: Run, wanted: Selection) -> pa.Table:
        """The wafers that are wanted, in their order. Raises as `page` does."""
        return _by_words(self._selected(run, wanted)[0], wanted, self._decided(run))

    def table(self, run: Run) -> pa.Table:
        """All of a run's predictions."""
        if run.pipeline != "predict":
            raise NotPublished(f"{run.run_id} is a training; predictions belong to prediction runs.")
        return self._read(run)

    def version(self, run: Run) -> int | None:
        """The version that predicted; None when there was no wafer. Raises `NotPublished`."""
        return version_of(self.table(run))

    def predicted(self, run: Run, known: KnownOutcomes) -> Predicted:
        """What the budgets of a run are counted over. Raises `NotPublished`."""
        table = self.table(run)
        good, failed = self._scores_known(run, table, known)
        return replace(_predicted(table), by_rank=self._by_rank(run), good=good, failed=failed)

    def _scores_known(self, run: Run, table: pa.Table, known: KnownOutcomes) -> tuple[Floats, Floats]:
        """The probabilities of the forecasts whose outcome is known, good and failed; none of a run of before."""
        if "in_training" not in table.column_names:
            return _nobody(), _nobody()
        try:
            ids = pq.read_table(io.BytesIO(published_bytes(self._store, run, layout.DOCUMENTS)))["_id"]
        except ObjectNotFound:
            return _nobody(), _nobody()
        judged = pc.and_(pc.invert(table["in_training"]), pc.not_equal(table["verdict"], "inspect"))
        told, failed = table.filter(judged), known.of(ids.filter(judged))
        return _scores(told.filter(pc.equal(failed, False))), _scores(told.filter(pc.equal(failed, True)))

    def neighbours(self, run: Run, wafer: str, file: str, wanted: Selection) -> WaferBatch:
        """A wafer and its rank among those of `wanted`, and the wafers around it in its file.

        Raises `NotPublished`, `ObjectNotFound`, `WaferAmbiguous`.
        """
        table, cut = self.table(run), wanted.threshold
        row = table.slice(place_of(table, run, wafer, file), 1)
        (told,) = (row if cut is None else judged(row, cut)).to_pylist()
        found = neighbours(self._batch(run, told["file"]), wafer, cut)
        return WaferBatch(
            run_id=run.run_id,
            prediction=prediction_of(told, context_of(table), self._decided(run)),
            rank=rank_of(self._selected(run, wanted)[1], wafer, told["file"]),
            namesakes=_namesakes(table, wafer),
            number=found.number,
            wafers=found.wafers,
            to_review=found.to_review,
            around=[Neighbour(**_finite(each)) for each in found.around],
        )

    def _decided(self, run: Run) -> InForce:
        return in_force(dispositions_of(self._store, run.run_id))

    def _by_rank(self, run: Run) -> bool:
        try:
            told = json.loads(published_bytes(self._store, run, layout.THRESHOLD))
        except ObjectNotFound:  # a run of an older release
            return False
        return bool(told["threshold_rule"] == "recent")

    @cachedmethod(
        attrgetter("_selections"),
        key=lambda _, run, wanted: (revision_of(run), wanted),
        condition=attrgetter("_selecting"),
    )
    def _selected(self, run: Run, wanted: Selection) -> tuple[pa.Table, pa.Table]:
        return selected(self.table(run), wanted)

    @cachedmethod(
        attrgetter("_batches"), key=lambda _, run, file: (revision_of(run), file), condition=attrgetter("_grouping")
    )
    def _batch(self, run: Run, file: str) -> pa.Table:
        return batch_of(self.table(run), file)

    @cachedmethod(attrgetter("_tables"), key=lambda _, run: revision_of(run), condition=attrgetter("_condition"))
    def _read(self, run: Run) -> pa.Table:
        return pq.read_table(io.BytesIO(published_bytes(self._store, run, layout.PREDICTIONS)))


def prediction_of(row: dict[str, Any], context: dict[str, str], decided: InForce = MappingProxyType({})) -> Prediction:
    """A row of the table as the interface shows it; `context` says which columns are the line's own."""
    disposition = decided.get((row["wafer"], row["file"]))
    told = {name: row[column] for name, column in context.items()}
    return Prediction(**_finite(row), context=told, disposition=disposition and disposition.word)


def _predicted(table: pa.Table) -> Predicted:
    """The wafers of a table that say something: the others' outcomes are known to the model."""
    told = table["threshold"].drop_null()
    threshold = float(told[0].as_py()) if len(told) else 1.0
    known = "in_training" in table.column_names  # not in a run of an older release
    new = table.filter(pc.invert(table["in_training"])) if known else table
    unlike = new.filter(pc.equal(new["verdict"], "inspect"))
    return Predicted(_scores(new), _scores(unlike), table.num_rows - new.num_rows, threshold)


def _scores(table: pa.Table) -> Floats:
    found: Floats = table["probability"].cast("float64").to_numpy()
    return found


def _by_words(table: pa.Table, wanted: Selection, decided: InForce) -> pa.Table:
    if wanted.sort.removeprefix("-") != DISPOSITION:
        return table
    return by_disposition(table, {name: each.word for name, each in decided.items()}, down=wanted.sort.startswith("-"))


def _namesakes(table: pa.Table, wafer: str) -> int:
    return int(pc.sum(pc.equal(table["wafer"], wafer)).as_py()) - 1


def version_of(table: pa.Table) -> int | None:
    """The version that predicted; None when there was no wafer."""
    return int(table["model_version"][0].as_py()) if table.num_rows else None


def place_of(table: pa.Table, run: Run, wafer: str, file: str) -> int:
    """Row of a wafer; `file` tells apart those of one name. Raises `ObjectNotFound`, `WaferAmbiguous`."""
    named = pc.indices_nonzero(pc.equal(table["wafer"], wafer)).to_pylist()
    files = {place: table["file"][place].as_py() for place in named}
    found = [place for place, each in files.items() if file in ("", each)]
    if len(found) == 1:
        return int(found[0])
    if found:
        raise WaferAmbiguous(run.run_id, wafer, sorted(files.values()))
    where = f" from {file[:100]!r}" if named else ""
    like = files.values() if named else get_close_matches(wafer, table["wafer"].slice(0, NAMES_COMPARED).to_pylist())
    raise ObjectNotFound(f"Run {run.run_id} predicted no wafer {wafer[:100]!r}{where}.{_hint(sorted(like))}")


def _counts(table: pa.Table) -> dict[Verdict, int]:
    found = {each["values"]: each["counts"] for each in table["verdict"].value_counts().to_pylist()}
    return {verdict: found.get(verdict, 0) for verdict in ("pass", "fail", "inspect")}


def _finite(value: Any) -> Any:  # noqa: ANN401 - a row, a list of structs, a cell
    """The value with NaN and infinities as nothing: JSON has no word for them."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_finite(each) for each in value]
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    return value


def _hint(names: list[str]) -> str:
    return f" Did you mean {' or '.join(names)}?" if names else ""
