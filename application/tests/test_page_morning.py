"""The yield engineer's morning in a real browser: from the lots to a wafer, what was decided, a file, a new version."""

import csv
import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from application.tests.browser import signed_in
from application.tests.past import file_of, predicted_on
from application.tests.serving import MakeService, Service
from wafer.tests.past import Told, lot
from wafer.tests.sensor_runs import SENSORS, SHIFTED, published_readings

pytestmark = pytest.mark.xdist_group("page")
BAD = "L-07"


@pytest.fixture
def line(make_service: MakeService) -> Service:
    """Twelve lots of which one is bad, its flagged wafers by one sensor; and a version that waits for a person."""
    made = make_service()
    lots = [f"L-{number:02d}" for number in range(1, 13)]
    told = [each for name in lots for each in lot(name, 25, 11 if name == BAD else 1, file=file_of("16"))]
    told = [Told(each.wafer, each.verdict, each.file, False, each.context, reasons_of(each)) for each in told]
    told.sort(key=lambda each: each.verdict == "pass")
    spread = np.random.default_rng(1).uniform(0.4, 0.6, (len(SENSORS), len(told)))
    more = published_readings(told, dict(zip(SENSORS, spread, strict=True)))
    predicted_on(made.home, made.store, "16", told, version=2, more=more)
    made.registry.waiting = 1
    return made


def reasons_of(wafer: Told) -> tuple[str, ...]:
    return (SHIFTED,) if wafer.verdict == "fail" else ()


@pytest.fixture
def page(browser: Browser, line: Service) -> Iterator[Page]:
    """The page of an admin who has signed in."""
    with signed_in(browser, line.url, line.key("admin")) as opened:
        yield opened


def test_the_morning_of_a_yield_engineer(page: Page, line: Service) -> None:
    panel = page.get_by_role("complementary", name="Selected wafer")

    page.get_by_role("link", name="Lots", exact=True).click()  # which lot stands out?
    lots = page.get_by_role("region", name="Lots")
    excursion = lots.locator("tbody tr", has_text="above the limits")
    expect(excursion).to_have_count(1)
    excursion.get_by_role("link", name=BAD).click()
    wafers = page.get_by_role("region", name="Wafers of the lot")
    expect(wafers.locator("tbody tr")).to_have_count(25)

    page.get_by_role("link", name="Sensors", exact=True).click()  # by which sensor?
    page.get_by_label("Narrow down by").select_option("lot")
    page.get_by_label("lot", exact=True).select_option(BAD)
    expect(page.get_by_role("img", name=re.compile(f"{SHIFTED} is named by 11 flagged wafers"))).to_be_visible()
    page.get_by_role("region", name="Sensors by shift").get_by_role("link", name=SHIFTED).click()
    expect(page.get_by_role("img", name=re.compile(f"{SHIFTED} over 300 wafers in order"))).to_be_visible()
    page.get_by_role("region", name="Wafers that stand out").get_by_role("link", name=f"{BAD}-00").click()

    expect(panel.get_by_role("heading", level=2)).to_have_text(f"{BAD}-00")  # what is with this wafer?
    expect(panel.locator(".reasons")).to_contain_text(SHIFTED)
    expect(panel).to_contain_text("of 300 wafers; 22 of them to review")
    panel.get_by_label("What was decided").select_option("Confirmed fault")
    panel.get_by_label("Comment").fill("scratch at the edge")
    panel.get_by_role("button", name="Set disposition").click()
    expect(panel.locator(".told li")).to_contain_text("Confirmed fault" + "counts by admin")
    expect(page.locator(".wafers tr", has_text=f"{BAD}-00")).to_contain_text("Confirmed fault")

    page.get_by_role("searchbox").fill(BAD)  # a list for the others
    expect(page.locator(".wafers tbody tr")).to_have_count(11)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV of this list").click()
    with download.value.path().open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 11
    assert {each["wafer"]: each["disposition"] for each in rows}[f"{BAD}-00"] == "confirmed-fault"

    page.get_by_role("link", name="Schedules", exact=True).click()  # what waits for me?
    page.get_by_role("button", name="Promote version 1…").click()
    page.get_by_role("button", name="Promote", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert line.registry.history()[-1] == 1
