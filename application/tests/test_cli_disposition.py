"""`wafer disposition` keeps what was decided about a wafer, and lists what was told of it."""

from pathlib import Path

import pytest

from application.cli.app import main
from application.runs.ledger.sqlite import SQLiteLedger
from application.runs.run import new_run
from application.tests.leavings import leave_results
from tests.commands import Ended, end_of
from wafer.store import open_store


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("WAFER_STORE", "WAFER_LEDGER", "MONGODB_URI", "KFP_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WAFER_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "120")
    found = new_run("predict", "folder", {})
    SQLiteLedger(tmp_path / "ledger.sqlite").claim(found, None, now=0.0)
    leave_results(open_store(str(tmp_path / "store")), found.run_id, "predict")
    return found.run_id


def wafer(*words: str) -> Ended:
    return end_of(main, "wafer", *words)


def test_a_word_is_kept_and_listed(run: str) -> None:
    nothing = wafer("disposition", run, "W-1")
    told = wafer("disposition", run, "W-1", "false-alarm", "--comment", "clean under the microscope", "--json")
    listed = wafer("disposition", run, "W-1")

    assert "Nothing is recorded" in nothing.out
    assert (told.json["outcome"], told.json["told"][0]["word"]) == ("pass", "false-alarm")
    assert "W-1 from good.csv: pass" in listed.out
    assert "clean under the microscope" in listed.out


def test_an_unknown_word_is_wrong_usage_and_an_unknown_wafer_is_named(run: str) -> None:
    assert wafer("disposition", run, "W-1", "broken").code == 2
    assert "W-77" in wafer("disposition", run, "W-77", "scrapped").err
