"""Tables of the command line are whole: folded in a terminal of 80 columns, not wrapped where they go elsewhere."""

from pathlib import Path

import pytest

from application.cli.app import main
from application.runs.ledger.sqlite import SQLiteLedger
from application.runs.run import new_run
from tests.commands import end_of

SOURCE = "s3://a-bucket/" + "a-prefix-longer-than-a-column/" * 4


@pytest.fixture
def run_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("WAFER_HOME", str(tmp_path))
    run = new_run("predict", SOURCE, {})
    SQLiteLedger(tmp_path / "ledger.sqlite").claim(run, None, now=0)
    return run.run_id


def test_a_piped_table_has_a_line_a_row(run_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)

    listed = end_of(main, "wafer", "runs").out

    [line] = [line for line in listed.splitlines() if run_id in line]
    assert {"queued", SOURCE} <= set(line.split())


def test_a_narrow_terminal_folds_and_cuts_no_word(run_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    listed = end_of(main, "wafer", "runs").out

    assert "…" not in listed
    assert {"queued", run_id} <= set(listed.split())
    assert max(map(len, listed.splitlines())) <= 80
