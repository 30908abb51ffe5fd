"""A stage leaves a record whatever happens to it, and a run is judged by what it published."""

from pathlib import Path

import pytest

from wafer.errors import NoGoodFiles, StoreUnavailable
from wafer.runs import judge, record_outcome, resolve_run_id, run_stage, task_records
from wafer.store import open_store, publish


@pytest.fixture(autouse=True)
def store_uri(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("WAFER_STORE", str(tmp_path))
    return str(tmp_path)


def test_a_finished_stage_says_what_it_counted(store_uri: str) -> None:
    with run_stage("validate", "run-1") as stage:
        stage.count(files=3)
        stage.count(wafers=100)

    (record,) = task_records(open_store(store_uri), "run-1")
    assert (record.name, record.state, record.error) == ("validate", "succeeded", None)
    assert record.counts == {"files": 3, "wafers": 100}


def test_a_users_error_ends_the_process_with_its_sentence_and_no_stack(
    store_uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, run_stage("validate", "run-1") as stage:  # noqa: PT012 - count, then fail
        stage.count(files=2)
        raise NoGoodFiles("Both files were refused; see the report.")

    (record,) = task_records(open_store(store_uri), "run-1")
    assert ended.value.code == 1
    assert record.state == "failed"
    assert record.error
    assert (record.error.code, record.error.message) == ("NO_GOOD_FILES", "Both files were refused; see the report.")
    assert record.counts == {"files": 2}
    assert "Traceback" not in capsys.readouterr().out


def test_an_unexpected_error_keeps_its_stack_in_the_log(store_uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), run_stage("cluster", "run-1"):
        _ = 1 / 0

    (record,) = task_records(open_store(store_uri), "run-1")
    assert record.error
    assert record.error.code == "INTERNAL"
    assert "ZeroDivisionError" in record.error.message
    assert "Traceback" in capsys.readouterr().out


def test_an_error_says_whether_trying_again_can_help(store_uri: str) -> None:
    with pytest.raises(SystemExit), run_stage("load", "run-1"):
        raise StoreUnavailable("The store does not answer.")

    (record,) = task_records(open_store(store_uri), "run-1")
    assert record.error
    assert record.error.retry_helps


def test_a_run_succeeds_exactly_when_its_folder_is_published(store_uri: str) -> None:
    store = open_store(store_uri)
    with run_stage("publish", "run-1"):
        pass

    before = judge(store, "run-1", "predict")
    publish(store, "predictions/run-1", {"predictions.csv": b"x"}, run_id="run-1")
    after = record_outcome("run-1", "predict")

    assert before.state == "failed"
    assert (after.state, after.published) == ("succeeded", f"{store.uri}/predictions/run-1")


def test_the_outcome_of_a_failed_run_is_its_first_failed_stage(store_uri: str) -> None:
    with pytest.raises(SystemExit), run_stage("validate", "run-1"):
        raise NoGoodFiles("None.")

    outcome = record_outcome("run-1", "train")

    assert outcome.state == "failed"
    assert outcome.error
    assert (outcome.error.code, outcome.error.stage) == ("NO_GOOD_FILES", "validate")


def test_the_last_task_logs_why_a_run_failed(store_uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), run_stage("validate", "run-1"):
        raise NoGoodFiles("Both files were refused.")

    record_outcome("run-1", "train")

    told = capsys.readouterr()
    (line,) = [each for each in (told.out + told.err).splitlines() if "run.failed" in each]
    assert "NO_GOOD_FILES" in line
    assert "Both files were refused." in line


def test_a_run_started_from_the_kubeflow_page_goes_by_kubeflows_id() -> None:
    assert resolve_run_id("", "0e2c1f") == "0e2c1f"
    assert resolve_run_id("train-1", "0e2c1f") == "train-1"
