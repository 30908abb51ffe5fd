"""What happens by itself and what waits for a person, in a real browser over fakes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from application.retraining.decision import Decision
from application.runs.ledger.journal import Entry
from application.runs.ledger.sqlite_journal import SQLiteJournal
from application.tests.browser import LOOKS, look, signed_in
from application.tests.serving import MakeService, Service
from application.tests.webhook_server import Receiver, receiving

pytestmark = pytest.mark.xdist_group("page")
WHY = "5 labelled files came since training train-20260321T081500-3f2a1b; it trains again every 5."


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def line(make_service: MakeService, receiver: Receiver) -> Service:
    """A version that waits, a decision, somebody to tell, and batches to predict."""
    made = make_service(WAFER_WEBHOOKS=f"slack+{receiver.url}")
    made.registry.waiting = 1
    made.batches("raw/predict/line-4")
    told = Decision("2026-03-21T08:15:00.000+00:00", "the service", False, WHY, "train-1", 5)
    SQLiteJournal(made.home / "ledger.sqlite").add(Entry("decision", "wait-1", told.at, told.to_json()))
    return made


@pytest.fixture
def page(browser: Browser, line: Service) -> Iterator[Page]:
    with signed_in(browser, line.url, line.key("admin")) as opened:
        opened.get_by_role("link", name="Schedules").click()
        expect(opened.get_by_text(WHY)).to_be_visible()
        yield opened


def test_a_place_is_predicted_by_itself_until_the_schedule_ends(page: Page, line: Service) -> None:
    page.get_by_role("button", name="Add a schedule…").click()
    page.get_by_label("Name").fill("line-4")
    page.get_by_label("Looks", exact=True).select_option("every 6 hours")
    page.get_by_role("button", name="Add", exact=True).click()
    row = page.get_by_role("region", name="Schedules").locator("tbody tr")
    expect(row).to_contain_text("every 6 hours")
    line.parts.schedules.start_due()

    page.reload()

    expect(row).to_contain_text("Files given to it: 1.")
    row.get_by_role("link", name="Open").click()
    page.wait_for_url(f"**/#/runs/{line.backend.started[0].run_id}")
    page.go_back()
    page.get_by_role("button", name="End line-4").click()
    page.get_by_role("button", name="End", exact=True).click()
    expect(page.get_by_text("No schedule yet")).to_be_visible()


def test_a_waiting_version_is_declined_with_a_reason(page: Page, line: Service) -> None:
    page.get_by_role("button", name="Decline version 1…").click()
    page.get_by_label("Your reason").fill("It flags a third of lot 7.")
    page.get_by_role("button", name="Decline", exact=True).click()

    expect(page.get_by_text("Nothing waits.")).to_be_visible()
    declined = line.registry.version(1).declined
    assert declined
    assert (declined.who, declined.why) == ("admin", "It flags a third of lot 7.")


def test_a_waiting_version_is_promoted(page: Page, line: Service) -> None:
    page.get_by_role("button", name="Promote version 1…").click()
    page.get_by_role("button", name="Promote", exact=True).click()

    expect(page.get_by_role("dialog")).to_be_hidden()
    assert line.registry.history()[-1] == 1


def test_a_test_reaches_everybody_who_is_told(page: Page, receiver: Receiver) -> None:
    page.get_by_role("button", name="Send a test").click()

    expect(page.get_by_role("button", name="Taken")).to_be_visible()
    assert len(receiver.taken) == 1


def test_a_decision_about_training_again_is_told_before_it_is_made(page: Page) -> None:
    page.get_by_role("button", name="Decide now…").click()

    expect(page.get_by_role("dialog")).to_contain_text("No training has succeeded yet")
    page.get_by_role("button", name="Write it down").click()
    decisions = page.get_by_role("region", name="Decisions about training again").locator("tbody tr")
    expect(decisions).to_have_count(2)
    expect(decisions.first).to_contain_text("admin")


def test_it_can_be_read_on_every_screen(page: Page, line: Service, tmp_path: Path) -> None:
    with line.client("operator") as client:
        client.put("/schedules/line-4", json={"source": "raw/predict/line-4", "hours": 6}).raise_for_status()
    page.reload()
    expect(page.get_by_role("region", name="Schedules").locator("tbody tr")).to_have_count(1)
    page.screenshot(path=tmp_path / "schedules.png", full_page=True)

    assert [found for scheme, width in LOOKS for found in look(page, scheme, width)] == []
