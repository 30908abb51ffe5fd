"""The ledger names the predictions of the past: which of them, in which order, and when their batches were written."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from application.backends.base import Backends
from application.runs.ledger.sqlite import SQLiteLedger
from application.runs.past import Span, past_predictions
from application.runs.run import Run, RunState
from application.runs.service import Runs
from application.tests.fakes import FakeBackend
from wafer.contract import ContractFiles
from wafer.errors import NotPublished
from wafer.store import open_store


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    """Three predictions on three days, one of which failed, and a training."""
    ledger, store = SQLiteLedger(tmp_path / "ledger.sqlite"), open_store(str(tmp_path / "store"))
    states: tuple[RunState, ...] = ("succeeded", "failed", "succeeded")
    for day, state in enumerate(states, start=1):
        created = f"2026-03-{day:02d}T08:00:00.000+00:00"
        run = Run(f"predict-{day}", "predict", "raw/predict/lot", {}, created, state="running")
        ledger.adopt(run)
        ledger.change(run, replace(run, state=state, finished=created.replace("T08", "T09")))
    ledger.adopt(Run("train-1", "train", "raw/train/lot", {}, "2026-03-04T08:00:00.000+00:00", state="succeeded"))
    return Runs(ledger, Backends(FakeBackend(store)), store)


def test_the_newest_predictions_that_succeeded_come_first(runs: Runs) -> None:
    assert [each.run_id for each in past_predictions(runs, Span())] == ["predict-3", "predict-1"]
    assert [each.run_id for each in past_predictions(runs, Span(runs=1))] == ["predict-3"]
    assert [each.run_id for each in past_predictions(runs, Span(since="2026-03-02"))] == ["predict-3"]


def test_one_run_is_the_history_of_itself_if_it_has_wafers(runs: Runs) -> None:
    assert [each.run_id for each in past_predictions(runs, Span(run_id="predict-1"))] == ["predict-1"]
    with pytest.raises(NotPublished, match="no prediction that succeeded"):
        list(past_predictions(runs, Span(run_id="predict-2")))


def test_a_contract_that_could_not_be_read_is_read_the_next_time(runs: Runs, tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    parameters = {"schema": str(schema)}
    run = Run("predict-9", "predict", "raw/predict/lot", parameters, "2026-03-09T08:00:00+00:00", state="succeeded")
    SQLiteLedger(tmp_path / "ledger.sqlite").adopt(run)
    (before,) = past_predictions(runs, Span(run_id="predict-9"))

    schema.write_text(ContractFiles.of().prediction)
    (after,) = past_predictions(runs, Span(run_id="predict-9"))

    assert (before.sensors, after.sensors > 0) == (0, True)


def test_a_batch_was_written_when_its_name_says_so_and_else_when_its_run_ended(runs: Runs) -> None:
    (run,) = past_predictions(runs, Span(run_id="predict-1"))

    assert run.moment("wafer_05032026_101500.csv") == datetime(2026, 3, 5, 10, 15, tzinfo=UTC)
    assert run.moment("lot.csv") == datetime(2026, 3, 1, 9, tzinfo=UTC)
