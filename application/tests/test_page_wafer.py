"""A story at the panel of a wafer, in a real browser over fakes: slider, batch, a disposition and where it shows."""

import csv
import io
import re

import pytest
from playwright.sync_api import Page, expect

from application.tests.browser import LOOKS, look
from application.tests.judged_wafers import predict_wafers
from application.tests.serving import Service

pytestmark = pytest.mark.xdist_group("page")
ROLE = "operator"


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
    panel.get_by_role("button", name="Set disposition").click()
    expect(panel.locator(".told li").first).to_contain_text("False alarm" + "counts by operator")
    expect(panel.locator(".told li").first).to_contain_text("clean under the microscope")
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
