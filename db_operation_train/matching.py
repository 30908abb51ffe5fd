"""Match what wafers turned out to be to what was predicted of them, and keep it.

A row of a labelled file belongs to every prediction of the wafer by the same readings (`wafer.wafers.identity`). A file
without readings belongs to the predictions of its wafers if each of these was predicted from one set of readings.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from wafer.contract import Contract
from wafer.documents import Documents, Outcome, contract_of, outcome_of
from wafer.outcomes.dispositions import all_dispositions, as_outcomes
from wafer.outcomes.matched import SCHEMA
from wafer.outcomes.predicted import predictions_of
from wafer.store import Store
from wafer.wafers.accepted import AcceptedRows, read_accepted
from wafer.wafers.arrays import Wafers
from wafer.wafers.identity import content_keys, hex_of

State = Literal["new", "known", "changed"]
_NO_KEY = "unknown"  # readings that the file does not hold, or the database not any more
REASONS = {
    "NOT_PREDICTED": "No run has predicted this wafer. Predict its batch and send the outcomes again, "
    "or train on the file as it is.",
    "OTHER_READINGS": "This wafer was predicted from other readings. Check the wafer id, or that both files come from "
    "one measurement.",
    "SEVERAL_READINGS": "This wafer was predicted from several readings, and the file holds none. Send a file with "
    "the readings too.",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One good row of the drop, and what became of it."""

    outcome: Outcome
    state: State  # whether it says something new
    predictions: int  # that it belongs to
    code: str = ""  # why it belongs to none
    message: str = ""

    @property
    def verdict(self) -> str:
        """What the wafer turned out to be."""
        return _word(self.outcome)


@dataclass(frozen=True, slots=True)
class Matched:
    """Every good row, and every prediction that one of them belongs to (`wafer.outcomes.matched.SCHEMA`)."""

    rows: tuple[Row, ...]
    predictions: pa.Table

    def counts(self) -> dict[str, int]:
        """The numbers by name; `matched` and `unmatched` are all rows, and so are `new`, `known` and `changed`."""
        matched = sum(row.predictions > 0 for row in self.rows)
        states = {name: sum(row.state == name for row in self.rows) for name in ("new", "known", "changed")}
        unmatched = {"matched": matched, "unmatched": len(self.rows) - matched}
        return {**unmatched, **states, "predictions": pc.sum(pc.invert(self.predictions["shadow"])).as_py() or 0}


def match_outcomes(accepted: Path, contract: Contract, documents: Documents, store: Store, *, run_id: str) -> Matched:
    """Keep the outcomes of a folder of accepted files, and match them to the predictions that the store holds.

    Safe to repeat: an outcome that is there stays as it was received first. In memory are some 2 KiB a row. Raises
    ContractMismatch for files accepted under another contract.
    """
    received = datetime.now(UTC).isoformat(timespec="milliseconds")
    told = list(_told(accepted, contract, run_id, received))
    documents.keep_outcomes(told)
    wafers = sorted({each["wafer"] for each in told})
    outcomes = [each for each in documents.outcomes_of(wafers) if contract_of(each) == contract.name]
    people = [each for each in all_dispositions(store) if each.contract == contract.name]
    known = _History([*outcomes, *as_outcomes(people)])
    predicted = predictions_of(wafers, store, documents, contract)
    places = _Places(predicted)
    rows = tuple(_row(each, places, known, run_id) for each in told)
    matched = sorted({place for each in told for place in places.of(each)})
    sent = _History(outcomes)  # who reads this puts the dispositions of then over it
    return Matched(rows, _with_outcomes(predicted.take(pa.array(matched, pa.int64())), places, sent))


class _Places:
    """Where a wafer's predictions stand in the table."""

    def __init__(self, predicted: pa.Table) -> None:
        self._of: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        self._shadow: list[bool] = predicted["shadow"].to_pylist()
        keys = (_NO_KEY if key is None else key.hex() for key in predicted["key"].to_pylist())
        for place, (wafer, key) in enumerate(zip(predicted["wafer"].to_pylist(), keys, strict=True)):
            self._of[wafer][key].append(place)

    def reason(self, outcome: Outcome) -> str:
        """Code of why an outcome belongs to no prediction."""
        if outcome["wafer"] not in self._of:
            return "NOT_PREDICTED"
        return "OTHER_READINGS" if outcome["key"] else "SEVERAL_READINGS"

    def key(self, outcome: Outcome) -> str:
        """Key of the readings that an outcome is about; empty where the file holds none and nothing tells."""
        found = self._of.get(outcome["wafer"], {})
        return outcome["key"] or (next(iter(found)) if len(found) == 1 else _NO_KEY)

    def one(self, wafer: str) -> bool:
        """Whether all predictions of a wafer are by the same readings, so that its name says which."""
        return len(self._of.get(wafer, {})) == 1

    def forecasts(self, places: Sequence[int]) -> int:
        """How many of these predictions were made in production."""
        return len(places) - sum(map(self._shadow.__getitem__, places))

    def of(self, outcome: Outcome) -> Sequence[int]:
        """Places of the predictions that an outcome belongs to."""
        found = self._of.get(outcome["wafer"], {})
        return found.get(self.key(outcome), ())


class _History:
    """All that was ever stated of some wafers, by wafer, as it was received."""

    def __init__(self, outcomes: Iterable[Outcome]) -> None:
        self._of: dict[str, list[Outcome]] = defaultdict(list)
        for each in sorted(outcomes, key=itemgetter("received", "_id")):
            self._of[each["wafer"]].append(each)

    def of(self, wafer: str, key: str, *, one: bool) -> list[Outcome]:
        """What was stated of a wafer's readings, the last one last; by its name alone only if it has `one` readings."""
        keys = {key, ""} if one or key == _NO_KEY else {key}
        return [each for each in self._of[wafer] if each["key"] in keys]


def _told(accepted: Path, contract: Contract, run_id: str, received: str) -> Iterator[Outcome]:
    for path in sorted(accepted.glob("*.parquet")):
        for rows in read_accepted(path, contract):
            for wafer, key, failed in _rows(rows, contract):
                yield outcome_of(
                    wafer, key, failed=failed, file=rows.file, sha256=rows.sha256, run_id=run_id, received=received,
                    contract=contract.name,
                )  # fmt: skip


def _rows(rows: AcceptedRows, contract: Contract) -> Iterator[tuple[str, str, bool]]:
    """Wafer, content key (empty without readings) and outcome of each row."""
    wafers = tuple(rows.wafers.to_pylist())
    failed = (contract.policy.label_codes[label] == "fail" for label in rows.labels or ())
    keys = [""] * len(wafers)
    if rows.readings.shape[1]:
        keys = hex_of(content_keys(Wafers((), wafers, (), contract.sensors, rows.readings)))
    return zip(wafers, keys, failed, strict=True)


def _row(told: Outcome, places: _Places, known: _History, run_id: str) -> Row:
    found = places.of(told)
    code = "" if found else places.reason(told)
    stated = known.of(told["wafer"], places.key(told), one=places.one(told["wafer"]))
    state, message = _state(told, stated, run_id)
    return Row(told, state, places.forecasts(found), code, " ".join(filter(None, (REASONS.get(code, ""), message))))


def _state(told: Outcome, stated: Sequence[Outcome], run_id: str) -> tuple[State, str]:
    """Whether a row says something new, by what was stated before it came first; a sentence about a change."""
    place = [each["_id"] for each in stated].index(told["_id"])
    if stated[place]["run_id"] != run_id:
        return "known", ""
    before = [each for each in stated[:place] if each["received"] < stated[place]["received"]]
    if not before:
        return "new", ""
    if before[-1]["failed"] == told["failed"]:
        return "known", ""
    return "changed", (
        f"It was {_word(before[-1])} by {before[-1]['file']} of run {before[-1]['run_id']}; this outcome replaces "
        "that one. If it is wrong, send the right one in another file."
    )


def _with_outcomes(rows: pa.Table, places: _Places, known: _History) -> pa.Table:
    """Predictions with the last word on each."""
    keys = (_NO_KEY if key is None else key.hex() for key in rows["key"].to_pylist())
    named = zip(rows["wafer"].to_pylist(), keys, strict=True)
    last = [known.of(wafer, key, one=places.one(wafer))[-1] for wafer, key in named]
    for name in ("failed", "received"):
        rows = rows.append_column(SCHEMA.field(name), pa.array([each[name] for each in last], SCHEMA.field(name).type))
    return rows


def _word(outcome: Outcome) -> str:
    return "fail" if outcome["failed"] else "pass"
