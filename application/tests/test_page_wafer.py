"""A story at the panel of a wafer, in a real browser over fakes: slider, batch, a disposition and where it shows."""

import csv
import io
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from application.access.roles import Role
from application.api.problems import of_error
from application.errors import TooManyRequests
from application.tests.browser import LOOKS, look
from application.tests.judged_wafers import predict_wafers
from application.tests.serving import Service

pytestmark = pytest.mark.xdist_group("page")
ROLE: Role = "operator"


def test_a_wafer_is_looked_at_from_all_sides_and_decided_about(page: Page, service: Service) -> None:
    earlier, run = predict_wafers(service), predict_wafers(service)
    panel = page.get_by_role("complementary", name="Selected wafer")
    page.goto(f"{service.url}/#/results/{run}")
    page.get_by_role("radio", name=re.compile("^All")).check(force=True)
    page.locator("tr", has_text="W-4").get_by_role("button").click()

    expect(page.locator("#near-copies")).to_contain_text("12 wafers of the training set read like another one")
    expect(panel.locator(".verdict")).to_have_text("pass")
    page.get_by_role("slider", name="False-alarm budget").fill("49")
    expect(panel.locator(".verdict")).to_have_text("fail")
    expect(panel).to_contain_text("Flagged at the chosen budget. In the run it passed.")
    expect(panel.locator("#carried")).to_contain_text("Together 60 %")
    expect(panel.locator(".strip-chart .failing")).to_be_attached()
    page.get_by_role("button", name=re.compile("^Reset")).click()
    expect(panel.locator(".verdict")).to_have_text("pass")

    expect(panel.locator(".neighbours li")).to_have_count(6)
    panel.get_by_role("button", name="W-2: fail").click()
    expect(panel.get_by_role("heading", level=2)).to_have_text("W-2")
    panel.get_by_text("The same wafer in other predictions").click()
    expect(panel.locator("details a")).to_have_attribute("href", re.compile(f"#/results/{earlier}"))

    panel.get_by_label("What was decided").select_option("Reworked")
    panel.get_by_role("button", name="Set disposition").click()
    expect(panel.locator(".told li")).to_have_count(1)
    panel.get_by_label("What was decided").select_option("False alarm")
    panel.get_by_label("Comment").fill("clean under the microscope")
    panel.get_by_label("Comment").press("Enter")
    expect(panel.locator(".told li").first).to_contain_text("False alarm" + "counts by operator")
    expect(panel.locator(".told li").first).to_contain_text("clean under the microscope")
    expect(panel.get_by_label("Comment")).to_be_focused()
    expect(panel.locator(".told li")).to_have_count(2)
    expect(panel).to_contain_text("Counted as pass.")

    expect(page.locator("tr", has_text="W-2")).to_contain_text("False alarm")
    lines = csv.DictReader(io.StringIO(page.request.get(f"{service.url}/runs/{run}/predictions.csv").text()))
    assert {each["wafer"]: each["disposition"] for each in lines if each["disposition"]} == {"W-2": "false-alarm"}
    page.goto(f"{service.url}/#/models/2")
    card = page.locator("section[aria-labelledby=scorecard-title]")
    expect(card).to_contain_text("no file tells of (1): 0 of the 1 flagged ones were faults")


def test_axe_finds_nothing_at_the_panel_of_a_wafer(page: Page, service: Service) -> None:
    run = predict_wafers(service)
    with service.client() as client:
        client.post(f"/runs/{run}/wafers/W-1/disposition", json={"word": "scrapped", "comment": "edge chipped"})
    page.goto(f"{service.url}/#/results/{run}")
    expect(page.locator(".told li")).to_have_count(1)
    expect(page.locator(".strip-chart .failing").first).to_be_visible()

    assert [found for scheme, width in LOOKS for found in look(page, scheme, width)] == []


def test_an_expired_session_loses_nothing_that_was_typed(page: Page, service: Service) -> None:
    run = predict_wafers(service)
    panel = page.get_by_role("complementary", name="Selected wafer")
    page.goto(f"{service.url}/#/results/{run}")
    panel.get_by_label("What was decided").select_option("Scrapped")
    panel.get_by_label("Comment").fill("edge chipped")
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies()

    panel.get_by_role("button", name="Set disposition").dispatch_event("click")  # a look at the run may come before it
    dialog = page.get_by_role("dialog", name="Sign in again")
    expect(dialog.get_by_role("alert")).to_contain_text("Your session has ended")
    assert Axe().run(page).response["violations"] == []
    dialog.get_by_label("API key").fill(service.key(ROLE))
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(panel.get_by_label("Comment")).to_have_value("edge chipped")
    panel.get_by_role("button", name="Set disposition").click()

    expect(panel.locator(".told li")).to_contain_text("edge chipped")


def test_enter_leads_from_a_row_to_its_wafer_and_escape_back(page: Page, service: Service) -> None:
    page.goto(f"{service.url}/#/results/{predict_wafers(service)}")
    name = page.locator(".wafers tbody tr[data-wafer]").last.get_by_role("button")
    panel = page.get_by_role("complementary", name="Selected wafer")

    name.press("Enter")
    expect(panel).to_be_focused()
    expect(panel.get_by_role("heading", level=2)).to_have_text(name.inner_text())

    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(name).to_be_focused()


def test_the_rate_limit_is_waited_for_and_told(page: Page, service: Service) -> None:
    run = predict_wafers(service)
    panel = page.get_by_role("complementary", name="Selected wafer")
    looks, words = refused_once(page, "**/predictions?*"), refused_once(page, "**/disposition?*", "POST")
    page.goto(f"{service.url}/#/results/{run}")
    panel.get_by_label("Comment").fill("edge chipped")
    assert looks == ["GET"]

    panel.get_by_role("button", name="Set disposition").click()
    expect(panel.get_by_role("alert")).to_contain_text("Too many requests; try again in 1 second")
    expect(panel.get_by_label("Comment")).to_have_value("edge chipped")
    assert words == ["POST"]
    panel.get_by_role("button", name="Set disposition").click()

    expect(panel.locator(".told li")).to_contain_text("edge chipped")


def refused_once(page: Page, address: str, method: str = "GET") -> list[str]:
    """Refuse the first request of a kind as the service refuses those beyond the limit; the list tells which it was."""
    refused: list[str] = []

    def answer(route: Route) -> None:
        if refused or route.request.method != method:
            route.fallback()
            return
        refused.append(method)
        problem = of_error(TooManyRequests(1.0), store_uri="/store")
        route.fulfill(status=problem.status_code, headers=dict(problem.headers), body=bytes(problem.body))

    page.route(address, answer)
    return refused
