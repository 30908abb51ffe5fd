"""The history gives each wafer once, by its latest answer, with what is known of it by now."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from wafer.contract import load_contract
from wafer.history.outcomes import known_outcomes
from wafer.history.past import PastRun
from wafer.history.reading import COLUMNS, read_history
from wafer.store import Store, layout, open_store
from wafer.tests.past import Told, lot, publish_outcomes, publish_prediction

ENDED = datetime(2026, 3, 9, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"))


def past(run_id: str) -> PastRun:
    return PastRun(run_id, ENDED, stamp=load_contract("prediction").file_name.stamp)


def told(store: Store, *run_ids: str, columns: tuple[str, ...] = (), **more: bool) -> pa.Table:
    parts = read_history(store, map(past, run_ids), columns, known_outcomes(store), **more)
    return pa.concat_tables(part.rows for part in parts)


def test_a_wafer_that_was_predicted_again_is_there_with_its_latest_answer(store: Store) -> None:
    publish_prediction(store, "predict-1", [Told("A", "fail"), Told("B")], version=1)
    publish_prediction(store, "predict-2", [Told("A", "pass")], version=2)

    rows = told(store, "predict-2", "predict-1")
    every = told(store, "predict-2", "predict-1", latest=False)

    assert rows.select(["wafer", "verdict", "model_version"]).to_pylist() == [
        {"wafer": "A", "verdict": "pass", "model_version": 2},
        {"wafer": "B", "verdict": "pass", "model_version": 1},
    ]
    assert every["wafer"].to_pylist() == ["A", "A", "B"]


def test_a_wafer_that_one_run_judged_twice_counts_once_across_row_groups(store: Store) -> None:
    publish_prediction(store, "predict-1", [Told("A", "fail"), Told("B"), Told("A", file="other.csv")], group=1)

    assert told(store, "predict-1")["verdict"].to_pylist() == ["fail", "pass"]


def test_wafers_of_one_name_under_two_contracts_are_two(store: Store) -> None:
    publish_prediction(store, "predict-1", [Told("A", "fail")])
    publish_prediction(store, "predict-2", [Told("A")], contract="line-2")

    assert told(store, "predict-2", "predict-1")["verdict"].to_pylist() == ["pass", "fail"]


def test_outcomes_belong_to_the_same_readings_in_whichever_run_they_were_judged(store: Store) -> None:
    bad, good, again = Told("A"), Told("B"), Told("A", file="wafer_02032026_100000.csv")
    publish_prediction(store, "predict-1", [bad, good, Told("C")])
    publish_outcomes(store, "outcomes-1", [(bad, False), (good, False)], received="2026-03-10")
    publish_outcomes(store, "outcomes-2", [(bad, True)], received="2026-03-11")
    publish_prediction(store, "predict-2", [bad])
    publish_prediction(store, "predict-3", [again])

    assert told(store, "predict-2", "predict-1")["failed"].to_pylist() == [True, False, None]
    assert told(store, "predict-3")["failed"].to_pylist() == [None]


def test_a_batch_has_the_time_of_its_name_and_else_that_of_its_run(store: Store) -> None:
    publish_prediction(store, "predict-1", [Told("A"), Told("B", file="lot seven.csv")])

    moments = told(store, "predict-1")["moment"].to_pylist()

    assert moments == [datetime(2026, 3, 1, 10, tzinfo=UTC), ENDED]


def test_context_is_read_where_it_is_asked_for_and_null_where_a_run_has_none(store: Store) -> None:
    publish_prediction(store, "predict-1", lot("L-1", 2))
    publish_prediction(store, "predict-2", [Told("A", in_training=True)])

    parts = list(read_history(store, map(past, ["predict-2", "predict-1"]), ("lot",)))

    assert [part.context for part in parts] == [(), ("lot",)]
    assert [part.rows["lot"].to_pylist() for part in parts] == [[None], ["L-1", "L-1"]]
    assert parts[0].rows["in_training"].to_pylist() == [True]
    assert parts[0].rows.schema.names == [*COLUMNS.names, "lot"]


def test_a_run_whose_folder_is_gone_or_damaged_is_left_out(store: Store) -> None:
    publish_prediction(store, "predict-1", [Told("A")])
    publish_prediction(store, "predict-2", [Told("B")])
    store.put(f"{layout.published('predict', 'predict-2')}/{layout.PREDICTIONS}", b"altered")

    assert told(store, "predict-3", "predict-2", "predict-1")["wafer"].to_pylist() == ["A"]
