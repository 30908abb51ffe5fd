"""One contract for both ledgers: what is claimed is claimed once, by whom, and for how long."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from application.errors import IdempotencyKeyReused, LedgerUnavailable, RequestInvalid, TrainingRunning
from application.runs.ledger.dynamodb import DynamoDBLedger
from application.runs.ledger.protocol import ClaimKey, Ledger, Wanted
from application.runs.ledger.sqlite import SQLiteLedger
from application.runs.run import Run
from application.tests.kept import PLACES, kept
from wafer.errors import DiskUnavailable
from wafer.runs import Pipeline, RunError, TaskRecord

NOW = 1_000_000.0


@pytest.fixture(params=PLACES)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    yield from kept(request, tmp_path, SQLiteLedger, DynamoDBLedger)


def run(number: int = 1, pipeline: Pipeline = "predict") -> Run:
    created = f"2026-03-21T08:15:{number:02d}.000+00:00"
    return Run(f"{pipeline}-{number}", pipeline, "raw/predict/lot", {"seed": 7}, created, "somebody")


def key(text: str = "k", fingerprint: str = "body", expires_at: float = NOW + 60) -> ClaimKey:
    return ClaimKey(text, fingerprint, expires_at)


def test_a_claimed_run_is_found_again_as_it_was_written(ledger: Ledger) -> None:
    claimed = ledger.claim(run(), None, now=NOW)

    assert ledger.get("predict-1") == claimed == run()
    assert ledger.get("predict-2") is None


def test_the_error_of_a_run_is_kept_and_its_tasks_are_not(ledger: Ledger) -> None:
    claimed = ledger.claim(run(), None, now=NOW)
    error = RunError("NO_GOOD_FILES", "Every file was refused.", "validate")
    task = TaskRecord("validate", "failed", 1000.0, error=error)

    ledger.change(claimed, replace(claimed, state="failed", error=error, tasks=(task,)))

    kept = ledger.get("predict-1")
    assert kept
    assert (kept.state, kept.error, kept.tasks) == ("failed", error, ())


def test_a_run_written_before_errors_and_backends_had_a_form_is_read() -> None:
    old = {"run_id": "train-1", "pipeline": "train", "source": "folder", "parameters": {}, "created": "2026-03-21"}

    starting = Run.from_json(json.dumps({**old, "state": "starting", "error": {}, "lease_until": 5.0}))
    failed = {"code": "LABEL", "message": "No.", "stage": None, "retry_helps": False}
    ended = Run.from_json(json.dumps({**old, "state": "failed", "error": failed}))

    assert (starting.state, starting.error, starting.backend) == ("queued", None, None)
    assert ended.error == RunError("LABEL", "No.")


def test_the_same_key_gives_the_same_run(ledger: Ledger) -> None:
    first = ledger.claim(run(1), key(), now=NOW)
    second = ledger.claim(run(2), key(), now=NOW)

    assert second == first
    assert ledger.known(key(), now=NOW) == first
    assert ledger.get("predict-2") is None


def test_the_same_key_for_another_request_is_refused_and_claims_nothing(ledger: Ledger) -> None:
    ledger.claim(run(1), key(), now=NOW)

    with pytest.raises(IdempotencyKeyReused):
        ledger.claim(run(2), key(fingerprint="another"), now=NOW)
    with pytest.raises(IdempotencyKeyReused):
        ledger.known(key(fingerprint="another"), now=NOW)
    assert ledger.get("predict-2") is None


def test_a_key_is_forgotten_when_its_time_is_over(ledger: Ledger) -> None:
    ledger.claim(run(1), key(expires_at=NOW + 10), now=NOW)

    later = ledger.claim(run(2), key(fingerprint="another", expires_at=NOW + 80), now=NOW + 20)

    assert later.run_id == "predict-2"
    assert ledger.get("predict-1") is not None


def test_many_claims_with_one_key_at_once_are_one_run(ledger: Ledger) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda number: ledger.claim(run(number), key(), now=NOW), range(1, 33)))

    assert len({each.run_id for each in found}) == 1
    assert len(ledger.page(Wanted()).runs) == 1


def test_many_trainings_at_once_are_one_and_the_others_are_told_which(ledger: Ledger) -> None:
    def claim(number: int) -> str:
        try:
            return ledger.claim(run(number, "train"), None, now=NOW).run_id
        except TrainingRunning as refused:
            return f"refused for {refused.run_id}"

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(claim, range(1, 17)))

    (winner,) = [each for each in found if each.startswith("train")]
    assert set(found) == {winner, f"refused for {winner}"}


def test_a_training_may_follow_one_that_ended(ledger: Ledger) -> None:
    first = ledger.claim(run(1, "train"), None, now=NOW)
    ledger.change(first, replace(first, state="failed"))

    second = ledger.claim(run(2, "train"), None, now=NOW)

    assert second.run_id == "train-2"


def test_predictions_do_not_wait_for_a_training(ledger: Ledger) -> None:
    ledger.claim(run(1, "train"), None, now=NOW)

    assert ledger.claim(run(2), None, now=NOW).run_id == "predict-2"
    assert ledger.claim(run(3), None, now=NOW).run_id == "predict-3"


def test_an_ended_training_comes_back_only_when_no_other_one_is_active(ledger: Ledger) -> None:
    claimed = ledger.claim(run(1, "train"), None, now=NOW)
    first = ledger.change(claimed, replace(claimed, state="failed"))
    second = ledger.claim(run(2, "train"), None, now=NOW)
    assert first

    with pytest.raises(TrainingRunning) as refused:
        ledger.change(first, replace(first, state="queued"))
    ledger.change(second, replace(second, state="cancelled"))

    assert refused.value.run_id == "train-2"
    assert ledger.change(first, replace(first, state="queued", attempt=2))
    assert [each.run_id for each in ledger.active()] == ["train-1"]


def test_of_many_changes_of_the_same_state_one_wins(ledger: Ledger) -> None:
    claimed = ledger.claim(run(), None, now=NOW)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: ledger.change(claimed, replace(claimed, attempt=number)), range(8)))

    (winner,) = [each for each in found if each]
    assert ledger.get("predict-1") == winner
    assert winner.revision == claimed.revision + 1


def test_active_runs_are_those_that_have_not_ended_oldest_first(ledger: Ledger) -> None:
    claimed = [ledger.claim(run(number), None, now=NOW) for number in (3, 1, 2)]
    ledger.change(claimed[0], replace(claimed[0], state="running"))
    ledger.change(claimed[1], replace(claimed[1], state="succeeded"))

    assert [(each.run_id, each.state) for each in ledger.active()] == [
        ("predict-2", "queued"),
        ("predict-3", "running"),
    ]


def test_history_comes_in_pages_newest_first_and_filtered(ledger: Ledger) -> None:
    for number in (4, 2, 5, 1, 3):
        ledger.claim(run(number), None, now=NOW)
    training = ledger.claim(run(6, "train"), None, now=NOW)
    ledger.change(training, replace(training, state="failed"))

    first = ledger.page(Wanted(limit=2, pipeline="predict"))
    second = ledger.page(Wanted(limit=2, pipeline="predict", cursor=first.cursor))
    third = ledger.page(Wanted(limit=2, pipeline="predict", cursor=second.cursor))
    failed = ledger.page(Wanted(state="failed"))

    pages = [[each.run_id for each in page.runs] for page in (first, second, third, failed)]
    assert pages == [["predict-5", "predict-4"], ["predict-3", "predict-2"], ["predict-1"], ["train-6"]]
    assert (third.cursor, failed.cursor) == ("", "")


def test_a_run_from_elsewhere_is_written_down_once_next_to_a_training_of_ours(ledger: Ledger) -> None:
    ledger.claim(run(1, "train"), None, now=NOW)
    elsewhere = replace(run(2, "train"), state="running")

    assert ledger.adopt(elsewhere)
    assert not ledger.adopt(elsewhere)
    assert [each.run_id for each in ledger.active()] == ["train-1", "train-2"]


@pytest.mark.parametrize("cursor", ["x", "%", "////", "bm8gaGFzaA", "ÄÖÜ", "A" * 400])
def test_a_cursor_that_no_page_named_is_refused(ledger: Ledger, cursor: str) -> None:
    with pytest.raises(RequestInvalid):
        ledger.page(Wanted(cursor=cursor))


def test_a_ledger_that_answers_is_ready(ledger: Ledger) -> None:
    ledger.check()


def test_a_table_that_is_not_there_makes_the_ledger_unavailable(aws_endpoint: str, aws: Callable[[str], None]) -> None:
    aws(aws_endpoint)
    ledger = DynamoDBLedger("no-such-table")

    for ask in (ledger.check, ledger.active, lambda: ledger.claim(run(), None, now=NOW)):
        with pytest.raises(LedgerUnavailable):
            ask()


def test_a_file_that_cannot_be_written_makes_the_ledger_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(DiskUnavailable):
        SQLiteLedger(tmp_path / "file" / "ledger.sqlite")


def test_two_processes_share_one_file(tmp_path: Path) -> None:
    one, other = SQLiteLedger(tmp_path / "ledger.sqlite"), SQLiteLedger(tmp_path / "ledger.sqlite")

    one.claim(run(1, "train"), key(), now=NOW)

    with pytest.raises(TrainingRunning):
        other.claim(run(2, "train"), None, now=NOW)
    assert other.known(key(), now=NOW) == run(1, "train")
    one.close()
    other.close()


def test_trainings_of_two_contracts_run_side_by_side_and_of_one_contract_they_do_not(ledger: Ledger) -> None:
    named = {"contract": "line-b"}
    ledger.claim(run(1, "train"), None, now=NOW)

    second = ledger.claim(replace(run(2, "train"), parameters=named), None, now=NOW)
    with pytest.raises(TrainingRunning) as refused:
        ledger.claim(replace(run(3, "train"), parameters=named), None, now=NOW)
    ledger.change(second, replace(second, state="failed"))

    assert refused.value.run_id == "train-2"
    assert ledger.claim(replace(run(4, "train"), parameters=named), None, now=NOW).run_id == "train-4"
    with pytest.raises(TrainingRunning):
        ledger.claim(run(5, "train"), None, now=NOW)


def test_the_runs_of_one_contract_are_listed_alone(ledger: Ledger) -> None:
    ledger.claim(run(1), None, now=NOW)
    ledger.claim(replace(run(2), parameters={"contract": "line-b"}), None, now=NOW)

    found = {name: [each.run_id for each in ledger.page(Wanted(contract=name)).runs] for name in ("field", "line-b")}

    assert found == {"field": ["predict-1"], "line-b": ["predict-2"]}
