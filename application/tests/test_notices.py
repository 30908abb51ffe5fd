"""Others are told what happens: once, signed, after a restart too, and without anybody waiting for it."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from application.cli.app import app
from application.errors import RequestInvalid
from application.notices import outbox as outboxes
from application.notices import sending
from application.notices.address import addresses
from application.notices.event import Event
from application.notices.notices import Notices
from application.notices.outbox import Outbox
from application.runs.ledger.sqlite import SQLiteLedger
from application.runs.ledger.sqlite_journal import SQLiteJournal
from application.runs.run import Run, now
from application.tests.fakes import FakeRegistry
from application.tests.leavings import decision_about, leave_results
from application.tests.serving import MakeService
from application.tests.webhook_server import Receiver, receiving
from wafer.evaluation.standing import Scorecard, Share, Standing
from wafer.registry import ByHand
from wafer.runs import RunError
from wafer.store import Store, open_store, publish

EVENT = Event("run.failed", "failed-1", "2026-03-21T08:15", "Run <1> failed", "A & B", "run-1")


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(sending, "PAUSE_SECONDS", 0.01)
    with receiving() as made:
        yield made


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SQLiteLedger]:
    with closing(SQLiteLedger(tmp_path / "ledger.sqlite")) as made:
        yield made


def card(*broken: str) -> Scorecard:
    """Of version 2, with months that broke the promise, and one that kept it."""
    rate = Share(value=0.3, low=0.25, high=0.35)
    kept = Standing(
        period="2026-01", wafers=300, failures=9, expected_failures=9, found=3, false_alarms=30, inspected=0,
        budget=0.1, recall=None, false_alarm_rate=rate, statement="kept", auc=None,
    )  # fmt: skip
    months = tuple(kept.model_copy(update={"period": each, "statement": "broken"}) for each in broken)
    total = kept.model_copy(update={"period": "all"})
    return Scorecard(version=2, unit="month", in_training=0, total=total, periods=(kept, *months), calibration=())


class World:
    """Notices over a ledger, a store and a registry, as often as a process starts anew."""

    def __init__(self, folder: Path, receiver: Receiver, ledger: SQLiteLedger, store: Store) -> None:
        self.file, self.receiver, self.ledger, self.store = folder / "ledger.sqlite", receiver, ledger, store
        self.registry, self.card = FakeRegistry(), card()
        self.restart()

    def restart(self) -> None:
        journal = SQLiteJournal(self.file)
        outbox = Outbox(journal, addresses(self.receiver.url, "shared"), "shared")
        self.notices = Notices(
            self.ledger, journal, outbox, self.store, lambda: {"field": self.registry}, lambda _: self.card
        )
        self.notices.begin()

    def end(self, run_id: str, pipeline: Any, **how: Any) -> None:  # noqa: ANN401 - fields of a run
        run = Run(run_id, pipeline, "folder", {}, now(), state="succeeded", finished=now())
        self.ledger.adopt(replace(run, **how))

    def tell(self) -> list[str]:
        """What is taken in one round."""
        before = len(self.receiver.taken)
        self.notices.look()
        self.notices.outbox.deliver()
        return self.receiver.told()[before:]


@pytest.fixture
def world(tmp_path: Path, receiver: Receiver, ledger: SQLiteLedger, store: Store) -> World:
    return World(tmp_path, receiver, ledger, store)


def fail(world: World, run_id: str = "predict-1", attempt: int = 1) -> None:
    error = RunError("NO_GOOD_FILES", "Every file was refused.", "validate")
    world.end(run_id, "predict", state="failed", error=error, attempt=attempt)


def test_a_receiver_that_fails_twice_gets_a_signed_notice_once(world: World) -> None:
    world.receiver.answers = [503, 500]
    fail(world)

    assert world.tell() == ["run.failed"]

    headers, body = world.receiver.headers[-1], world.receiver.bodies[-1]
    signed = headers["X-Wafer-Timestamp"].encode() + b"." + body
    assert headers["X-Wafer-Signature"] == "sha256=" + hmac.new(b"shared", signed, hashlib.sha256).hexdigest()
    assert abs(int(headers["X-Wafer-Timestamp"]) - time.time()) < 60
    told = world.receiver.taken[0]
    assert (told["id"], told["run_id"]) == (headers["X-Wafer-Event"], "predict-1")
    assert told["text"] == "NO_GOOD_FILES in stage validate: Every file was refused."
    assert len(world.receiver.bodies) == 3
    assert world.tell() == []


def test_a_restart_neither_loses_nor_repeats_a_notice(world: World) -> None:
    fail(world, "predict-1")
    assert world.tell() == ["run.failed"]
    fail(world, "predict-2")
    world.notices.look()

    world.restart()

    assert world.tell() == ["run.failed"]
    assert [each["run_id"] for each in world.receiver.taken] == ["predict-1", "predict-2"]


def test_two_services_tell_of_an_event_once(world: World) -> None:
    first = world.notices
    world.restart()
    fail(world)
    first.look()

    world.tell()
    first.outbox.deliver()

    assert world.receiver.told() == ["run.failed"]


def test_a_receiver_that_is_away_is_tried_again_later_and_given_up_in_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outboxes, "PAUSES", (0.0, 0.0))
    world.receiver.answers = [500] * 9
    fail(world)

    for round_, waiting in enumerate((1, 1, 0, 0), start=1):
        world.tell()
        (standing,) = world.notices.outbox.standing()
        assert (standing.waiting, standing.given_up) == (waiting, 1 - waiting)
        assert len(world.receiver.bodies) == 3 * min(round_, 3)
    assert standing.error == "It answered 500."


def test_a_notice_that_is_refused_is_not_sent_again_at_once(world: World) -> None:
    world.receiver.answers = [302]
    fail(world)

    assert world.tell() == []

    assert len(world.receiver.bodies) == 1
    assert world.notices.outbox.standing()[0].error == "It answered 302."


def test_what_ended_before_webhooks_were_set_is_not_told(world: World) -> None:
    world.end("train-0", "train", state="failed", finished="2020-01-01T00:00:00.000+00:00")

    assert world.tell() == []


def test_a_candidate_a_promotion_drift_and_a_broken_promise_are_told(world: World) -> None:
    decision = decision_about(2, "train-1").model_copy(update={"waits": True, "promoted": False})
    files: dict[str, Path | bytes] = {"decision.json": decision.to_json().encode()}
    publish(world.store, "training/train-1", files, run_id="train-1")
    publish(world.store, "predictions/predict-1", {"drift.json": b'{"warnings": ["It moved."]}'}, run_id="predict-1")
    leave_results(world.store, "predict-2", "predict")
    world.end("train-1", "train")
    world.end("predict-1", "predict")
    world.end("predict-2", "predict")
    world.end("outcomes-1", "outcomes")
    world.card = card("2026-02", "2026-03")
    world.registry.rollback(ByHand("ada", "too many alarms"))

    told = world.tell()

    assert sorted(told) == ["batch.drifted", "model.promoted", "model.waits", "promise.broken"]
    words = {each["event"]: (each["title"], each["text"]) for each in world.receiver.taken}
    assert words["model.promoted"][1] == "It was put there by ada. too many alarms"
    assert words["batch.drifted"][1] == "It moved."
    assert words["promise.broken"][1].startswith("In the period 2026-03 30 % (25 % to 35 %)")


def test_a_promise_that_stays_broken_is_told_once_a_period(world: World) -> None:
    world.card = card("2026-02")
    world.end("outcomes-1", "outcomes")
    world.end("outcomes-2", "outcomes")

    assert world.tell() == ["promise.broken"]

    world.card = card("2026-02", "2026-03")
    world.end("outcomes-3", "outcomes")
    assert world.tell() == ["promise.broken"]


def test_slack_and_teams_get_their_form(receiver: Receiver) -> None:
    for address in addresses(f"slack+{receiver.url}, teams+{receiver.url}", ""):
        sending.send(address, EVENT, "")

    slack, teams = receiver.taken
    assert slack == {"text": "*Run &lt;1&gt; failed*\nA &amp; B"}
    assert [each["text"] for each in teams["attachments"][0]["content"]["body"]] == ["Run <1> failed", "A & B"]
    assert not any("X-Wafer-Signature" in headers for headers in receiver.headers)


@pytest.mark.parametrize(
    "text", ["hooks.slack.com/T0", "ftp://host/T0", "slack+https:///T0", "http://[T0", "http://h:x/T0"]
)
def test_an_address_that_cannot_be_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(RequestInvalid, match="Address 2") as refused:
        addresses(f"https://ok.example, {text}", "shared")

    assert "T0" not in str(refused.value)


def test_an_address_that_checks_signatures_needs_a_secret() -> None:
    with pytest.raises(RequestInvalid, match="WAFER_WEBHOOK_SECRET"):
        addresses("https://ok.example", "")


def test_the_status_names_no_secret(make_service: MakeService, receiver: Receiver) -> None:
    service = make_service(WAFER_WEBHOOKS=receiver.url, WAFER_WEBHOOK_SECRET="shared")

    with service.client("viewer") as client:
        answer = client.get("/webhooks")

    (found,) = answer.json()
    assert (found["form"], found["waiting"], found["given_up"], found["error"]) == ("json", 0, 0, "")
    assert "secret-path" not in answer.text + repr(service.parts.settings)
    assert "shared" not in answer.text + repr(service.parts.settings)


def test_a_test_from_the_command_line_says_who_takes_it(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAFER_HOME", str(tmp_path))
    monkeypatch.setenv("WAFER_WEBHOOKS", f"{receiver.url}, slack+{receiver.url}/other")
    monkeypatch.setenv("WAFER_WEBHOOK_SECRET", "shared")
    receiver.answers = [404]

    done = CliRunner().invoke(app, ["webhooks", "test"])
    status = CliRunner().invoke(app, ["webhooks", "--json"])

    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0].endswith("It answered 404.")
    assert lines[1].endswith(": taken")
    assert "secret-path" not in done.output
    assert len(json.loads(status.stdout)["webhooks"]) == 2
