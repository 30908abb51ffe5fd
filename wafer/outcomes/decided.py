"""Dispositions as outcomes: the last word counts, whether from a file or a person."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wafer.outcomes.dispositions import FAILED, Disposition, Forecast

_ORDER = [(name, "ascending") for name in ("prediction", "wafer", "document", "shadow")]
_Row = dict[str, Any]  # of the table, as pyarrow gives it
_Words = Mapping[tuple[str, str], Disposition]  # the last word on some readings, of a person


def with_dispositions(matched: pa.Table, dispositions: Sequence[Disposition]) -> pa.Table:
    """Predictions whose outcome a file told, as the dispositions (oldest first) change it; by run and wafer.

    A reworked wafer has no outcome whatever a file says: what it is found to be afterwards is not about its readings.
    """
    words = _last_words(dispositions)
    if not words:
        return matched
    mine = _about(words, matched)
    decided = _table(matched.filter(mine).to_pylist(), words, matched.schema)
    every = pa.concat_tables([matched.filter(pc.invert(mine)), decided])
    return every.take(pc.sort_indices(every, _ORDER))


def people_alone(matched: pa.Table, dispositions: Sequence[Disposition]) -> pa.Table:
    """Predictions whose outcome dispositions tell and no file: the form is that of `matched`, which has the others."""
    words = _last_words(dispositions)
    known = {_prediction(row) for row in matched.filter(_about(words, matched)).to_pylist()}
    rows = [row for row in _forecasts(words.values()) if _prediction(row) not in known]
    found = _table(rows, words, matched.schema)
    return found.take(pc.sort_indices(found, _ORDER))


def _last_words(dispositions: Iterable[Disposition]) -> _Words:
    return {name: each for each in dispositions if each.word != "comment" for name in each.readings}


def _about(words: _Words, matched: pa.Table) -> pa.ChunkedArray:
    """Which rows have a wafer's name that somebody spoke of."""
    return pc.is_in(matched["wafer"], pa.array(sorted({wafer for wafer, _ in words}), pa.string()))


def _prediction(row: _Row) -> tuple[str, str, bool]:
    return row["prediction"], row["document"], row["shadow"]


def _table(rows: Iterable[_Row], words: _Words, schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist([row for each in rows if (row := _decided(each, words))], schema)


def _forecasts(words: Iterable[Disposition]) -> Iterator[_Row]:
    """The predictions that dispositions are about, without an outcome yet."""
    for each in dict.fromkeys(forecast for one in words for forecast in one.forecasts):
        row: _Row = {name: getattr(each, name) for name in Forecast.__slots__}
        moment = each.moment and datetime.fromisoformat(each.moment)
        yield {**row, "key": bytes.fromhex(each.key) or None, "moment": moment, "failed": None, "received": ""}


def _decided(row: _Row, words: _Words) -> _Row | None:
    """The row with the last word on it; None where nobody knows, or the wafer was reworked."""
    names = ((row["wafer"], name) for name in (row["document"], row["key"] and row["key"].hex()))
    found = max((words[name] for name in names if name in words), key=lambda each: each.at, default=None)
    if found and found.word == "reworked":
        return None
    if found and found.word in FAILED and found.at > row["received"]:
        return row | {"failed": FAILED[found.word], "received": found.at}
    return row if row["failed"] is not None else None
