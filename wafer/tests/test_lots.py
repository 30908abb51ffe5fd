"""Lots over many runs: what was flagged, what came of it, and which wafers they are."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from wafer.contract import load_contract
from wafer.history.lots import Lots, lots_of
from wafer.history.outcomes import known_outcomes
from wafer.history.past import PastRun
from wafer.history.reading import Part, read_history
from wafer.history.wafers import wafers_of
from wafer.store import Store, open_store
from wafer.tests.past import Told, lot, publish_outcomes, publish_prediction

ENDED = datetime(2026, 3, 9, 12, tzinfo=UTC)
MONDAY, TUESDAY = "wafer_02032026_100000.csv", "wafer_03032026_100000.csv"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two runs: the first with the lots A and B, the second with a part of B again and C."""
    made = open_store(str(tmp_path / "store"))
    b = lot("B", 10, flagged=2, inspect=1, file=TUESDAY)
    publish_prediction(made, "predict-1", [*lot("A", 20, flagged=1, file=MONDAY), *b])
    seen = lot("C", 5, flagged=5, file=TUESDAY, in_training=True)
    publish_prediction(made, "predict-2", [Told("B-00", "pass", TUESDAY, context={"lot": "B"}), *seen], version=2)
    publish_outcomes(made, "outcomes-1", [(b[0], True), (b[1], False), (b[9], False)], received="2026-03-10")
    return made


def parts(store: Store, *columns: str) -> Iterator[Part]:
    stamp = load_contract("prediction").file_name.stamp
    runs = [PastRun(run_id, ENDED, stamp=stamp) for run_id in ("predict-2", "predict-1")]
    return read_history(store, runs, columns, known_outcomes(store))


def figures(found: Lots) -> dict[str, tuple[int, ...]]:
    return {
        lot.name: (lot.wafers, lot.learned, lot.flagged, lot.inspected, lot.known, lot.failed) for lot in found.lots
    }


def test_a_lot_counts_each_wafer_once_and_flags_only_forecasts(store: Store) -> None:
    found = lots_of(parts(store, "lot"), "lot")

    assert figures(found) == {"A": (20, 0, 1, 0, 0, 0), "B": (10, 0, 1, 1, 3, 1), "C": (5, 5, 0, 0, 0, 0)}
    assert (found.context, found.runs, found.complete) == (("lot",), 2, True)
    assert [each.runs for each in found.lots] == [("predict-1",), ("predict-2", "predict-1"), ("predict-2",)]


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("file", [MONDAY, TUESDAY]),
        ("run", ["predict-1", "predict-2"]),
        ("day", ["2026-03-02", "2026-03-03"]),
        ("week", ["2026-03-02"]),
        ("month", ["2026-03"]),
    ],
)
def test_wafers_are_told_apart_by_batch_run_and_time_too(store: Store, by: str, names: list[str]) -> None:
    found = lots_of(parts(store), by)

    assert [each.name for each in found.lots] == names
    assert sum(each.wafers for each in found.lots) == 35


def test_lots_come_in_the_order_of_their_batches(store: Store) -> None:
    publish_prediction(store, "predict-3", lot("Z", 3, file="wafer_01032026_100000.csv"))
    stamp = load_contract("prediction").file_name.stamp
    runs = [PastRun(run_id, ENDED, stamp=stamp) for run_id in ("predict-3", "predict-1")]

    found = lots_of(read_history(store, runs, ("lot",)), "lot")

    assert [each.name for each in found.lots] == ["Z", "A", "B"]
    assert found.lots[0].first == datetime(2026, 3, 1, 10, tzinfo=UTC)


def test_the_wafers_of_a_lot_stand_most_suspicious_first_with_run_and_outcome(store: Store) -> None:
    wafers, total = wafers_of(parts(store, "lot"), "lot", "B")

    assert total == len(wafers) == 10
    assert [(each.wafer, each.verdict, each.failed, each.run_id) for each in wafers[:3]] == [
        ("B-01", "fail", False, "predict-1"),
        ("B-02", "inspect", None, "predict-1"),
        ("B-00", "pass", True, "predict-2"),
    ]


def test_wafers_without_a_lot_are_one_lot_without_name(store: Store) -> None:
    publish_prediction(store, "predict-3", [Told("X", file=MONDAY)])

    found = lots_of(read_history(store, [PastRun("predict-3", ENDED)], ("lot",)), "lot")

    assert figures(found) == {"": (1, 0, 0, 0, 0, 0)}
