"""Dispositions as outcomes: the last word counts, whether a file or a person said it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wafer.outcomes.dispositions import FAILED, Disposition, Forecast

_ORDER = [(name, "ascending") for name in ("prediction", "wafer", "document", "shadow")]
_Row = dict[str, Any]  # of the table, as pyarrow gives it
_Said = Mapping[tuple[str, str], Disposition]  # the last word on some readings, of a person


def with_dispositions(matched: pa.Table, dispositions: Iterable[Disposition]) -> pa.Table:
    """Predictions and their outcomes, as the dispositions (oldest first) change them; by run and wafer.

    A reworked wafer has no outcome whatever a file says: what it is found to be afterwards is not about its readings.
    """
    said = {name: each for each in dispositions if each.word != "comment" for name in each.readings}
    if not said:
        return matched
    mine = pc.is_in(matched["wafer"], pa.array(sorted({wafer for wafer, _ in said}), pa.string()))
    rows = {_prediction(row): row for row in (*_forecasts(said.values()), *matched.filter(mine).to_pylist())}
    decided = [row for each in rows.values() if (row := _decided(each, said))]
    every = pa.concat_tables([matched.filter(pc.invert(mine)), pa.Table.from_pylist(decided, matched.schema)])
    return every.take(pc.sort_indices(every, _ORDER))


def _forecasts(said: Iterable[Disposition]) -> Iterator[_Row]:
    """The predictions that dispositions are about, without an outcome yet."""
    for each in dict.fromkeys(forecast for one in said for forecast in one.forecasts):
        row: _Row = {name: getattr(each, name) for name in Forecast.__slots__}
        moment = each.moment and datetime.fromisoformat(each.moment)
        yield {**row, "key": bytes.fromhex(each.key) or None, "moment": moment, "failed": None, "received": ""}


def _prediction(row: _Row) -> tuple[str, str, bool]:
    return row["prediction"], row["document"], row["shadow"]


def _decided(row: _Row, said: _Said) -> _Row | None:
    """The row with the last word on it; None where nobody knows, or the wafer was reworked."""
    names = ((row["wafer"], name) for name in (row["document"], row["key"] and row["key"].hex()))
    found = max((said[name] for name in names if name in said), key=lambda each: each.at, default=None)
    if found and found.word == "reworked":
        return None
    if found and found.word in FAILED and found.at > row["received"]:
        return row | {"failed": FAILED[found.word], "received": found.at}
    return row if row["failed"] is not None else None
