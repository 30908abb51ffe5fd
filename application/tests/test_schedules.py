"""Predictions that start by themselves: when new files came, once, however many services look."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from application.backends.base import Backends
from application.cli.app import app
from application.runs.ledger.sqlite import SQLiteLedger
from application.runs.ledger.sqlite_journal import SQLiteJournal
from application.runs.service import Runs
from application.schedules.schedule import Schedule
from application.schedules.schedules import Schedules
from application.tests.fakes import FakeBackend
from application.tests.serving import MakeService
from wafer.contract import Contracts
from wafer.errors import NoProductionModel, ObjectNotFound
from wafer.store import open_store


class Line:
    """A line whose files come into one folder, and services that look at it."""

    def __init__(self, home: Path) -> None:
        self.home, self.store = home, open_store(str(home / "store"))
        self.backend = FakeBackend(self.store, at_once=9)
        self.model = True
        self.clock = 1_000_000.0
        self.file("a")

    def schedules(self) -> Schedules:
        """As a further process has them."""
        runs = Runs(SQLiteLedger(self.home / "ledger.sqlite"), Backends(self.backend), self.store)
        return Schedules(runs, SQLiteJournal(self.home / "ledger.sqlite"), Contracts(self.store), self._require_model)

    def file(self, name: str) -> None:
        self.store.put(f"raw/predict/line/{name}.csv", b"x")

    def started(self) -> list[str]:
        return [run.requested_by for run in self.backend.started]

    def pass_hours(self, hours: float, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock += hours * 3600
        monkeypatch.setattr("application.schedules.schedules.time.time", lambda: self.clock)

    def _require_model(self, _: str) -> None:
        if not self.model:
            raise NoProductionModel


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    made = Line(tmp_path)
    made.pass_hours(0, monkeypatch)
    source = str(tmp_path / "store/raw/predict/line")
    made.schedules().put(Schedule("line-4", source, 6.0, {}, "ada", "2026-03-21T08:15:00.000+00:00"))
    return made


def test_it_predicts_when_it_is_made_and_later_when_files_came(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = line.schedules()
    seen = []

    for hours in (0, 5, 1, 6):
        line.pass_hours(hours, monkeypatch)
        kept.start_due()
        seen.append((len(line.started()), kept.all()[0].schedule.found))
    line.file("b")
    line.pass_hours(6, monkeypatch)
    kept.start_due()

    assert seen == [
        (1, "Files given to it: 1."),
        (1, "Files given to it: 1."),
        (1, "Nothing came since the last prediction."),
        (1, "Nothing came since the last prediction."),
    ]
    assert line.started() == ["schedule line-4"] * 2
    assert kept.all()[0].schedule.run_id == line.backend.started[-1].run_id


def test_of_many_services_that_look_at_once_one_starts_it(line: Line) -> None:
    services = [line.schedules() for _ in range(8)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(Schedules.start_due, services))

    assert line.started() == ["schedule line-4"]


def test_another_contract_after_a_crash_is_another_run(line: Line) -> None:
    line.schedules().start_due()
    (kept,) = (each.schedule for each in line.schedules().all())
    line.schedules().put(replace(kept, files="", run_id="", parameters={"false_alarm_budget": 0.2}))  # as if not told

    line.schedules().start_due()

    assert len(line.started()) == 2
    assert "key" not in line.schedules().all()[0].schedule.found


def test_a_look_that_failed_says_why_and_is_repeated_soon(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, line.model = line.schedules(), False
    kept.start_due()
    found = kept.all()[0].schedule.found

    line.model = True
    line.pass_hours(0.25, monkeypatch)
    kept.start_due()

    assert "production" in found
    assert len(line.started()) == 1


def test_a_schedule_can_be_changed_ended_and_made_again(line: Line) -> None:
    kept = line.schedules()
    plan = kept.all()[0].schedule

    kept.put(replace(plan, hours=1.0))
    changed = kept.all()
    kept.remove("line-4")
    ended = kept.all()
    with pytest.raises(ObjectNotFound, match="wafer schedules"):
        kept.remove("line-4")
    kept.put(plan)

    assert [each.schedule.hours for each in changed] == [1.0]
    assert ended == []
    assert [each.schedule.hours for each in kept.all()] == [6.0]


def test_the_interface_keeps_lists_and_ends_schedules(make_service: MakeService) -> None:
    service = make_service()
    source = service.batches("raw/predict/line")
    with service.client("operator") as client:
        made = client.put("/schedules/line-4", json={"source": source, "hours": 6})
        outside = client.put("/schedules/line-5", json={"source": "/etc", "hours": 6})
        often = client.put("/schedules/line-5", json={"source": source, "hours": 0.01})
        service.parts.schedules.start_due()
        listed = client.get("/schedules").json()
        ended = client.delete("/schedules/line-4")
        unknown = client.delete("/schedules/line-4")
        last = client.get("/schedules").json()

    statuses = [each.status_code for each in (made, outside, often, ended, unknown)]
    assert statuses == [204, 403, 422, 204, 404]
    (only,) = listed
    assert (only["name"], only["source"], only["by"], only["found"]) == (
        "line-4",
        source,
        "operator",
        "Files given to it: 1.",
    )
    assert only["run_id"] == service.backend.started[0].run_id
    assert last == []


def test_what_a_look_found_names_no_folder_of_the_machine(make_service: MakeService) -> None:
    service = make_service()
    source = service.batches("raw/predict/line")
    with service.client("operator") as client:
        client.put("/schedules/line-4", json={"source": source})
        service.store.delete_below(source)
        service.store.put(f"{source}/deeper/a.csv", b"x")
        service.parts.schedules.start_due()
        (only,) = client.get("/schedules").json()

    assert only["found"].startswith(f"{source} has no files")


def test_the_command_keeps_lists_and_ends_schedules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAFER_HOME", str(tmp_path / "home"))
    (tmp_path / "drop").mkdir()
    run = CliRunner().invoke

    added = run(app, ["schedules", "add", "line-4", str(tmp_path / "drop"), "--hours", "6"])
    listed = run(app, ["schedules", "--json"])
    ended = run(app, ["schedules", "remove", "line-4"])

    assert "every 6 h" in added.output
    assert '"line-4"' in listed.output
    assert "has ended" in ended.output
    assert "No schedule yet" in run(app, ["schedules"]).output


def test_a_waiting_version_can_be_declined_once(make_service: MakeService) -> None:
    service = make_service()
    service.registry.waiting = 1

    with service.client("admin") as client:
        wrong = client.post("/models/2/decline", json={"why": "no"})
        declined = client.post("/models/1/decline", json={"why": "Too many false alarms."})
        again = client.post("/models/1/decline")
        models = client.get("/models").json()

    assert (wrong.status_code, wrong.json()["code"]) == (409, "NOT_WAITING")
    kept = declined.json()["declined"]
    assert (kept["who"], kept["why"]) == ("admin", "Too many false alarms.")
    assert again.status_code == 409
    assert models["candidate"] is None


def test_nobody_to_tell_is_an_empty_answer(make_service: MakeService) -> None:
    with make_service().client("admin") as client:
        answer: httpx.Response = client.post("/webhooks/test")

    assert (answer.status_code, answer.json()) == (200, [])
