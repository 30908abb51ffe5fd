"""The morning's first question in a real browser: how is the line doing, which lots, since when, and which wafers."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from application.tests.browser import LOOKS, look, signed_in
from application.tests.past import predicted_on, some_weeks
from application.tests.serving import Service, open_service
from wafer.tests.past import Told

pytestmark = pytest.mark.xdist_group("page")
VIEWS = {
    "lots/lot": "Lots",
    "lots/lot?lot=L-07": "Wafers of the lot",
    "drift?run=predict-16": "Predictions",
    "scorecard/1": "Live scorecard",
}


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Twelve lots in four predictions, one of which is bad."""
    with open_service(tmp_path_factory.mktemp("weeks")) as service:
        some_weeks(service.home, service.store)
        yield service


@pytest.fixture(scope="module")
def page(browser: Browser, weeks: Service) -> Iterator[Page]:
    """The page of a viewer who has signed in."""
    with signed_in(browser, weeks.url, weeks.key("viewer")) as opened:
        yield opened


def test_the_excursion_of_the_morning_is_seen_and_followed_to_its_wafers(page: Page, weeks: Service) -> None:
    page.goto(f"{weeks.url}/#/runs")
    page.get_by_role("link", name="Lots", exact=True).click()
    chart = page.get_by_role("img", name=re.compile("12 lots, 7.3 % in all; L-07 stands out"))
    expect(chart).to_be_visible()
    expect(chart.locator("rect.flagged")).to_have_count(2)  # the excursion, and its key
    lots = page.get_by_role("region", name="Lots")
    expect(lots.locator("tbody tr", has_text="above the limits")).to_contain_text(["L-07"])
    expect(lots.locator("tbody tr", has_text="L-07")).to_contain_text("64.0 %")

    page.get_by_label("By", exact=True).select_option("file")
    page.wait_for_url(re.compile("#/lots/file"))
    expect(page.get_by_role("region", name="Batches").locator("tbody tr")).to_have_count(4)
    page.get_by_label("By", exact=True).select_option("lot")
    expect(lots.locator("tbody tr")).to_have_count(12)
    lots.get_by_role("link", name="L-07").click()

    wafers = page.get_by_role("region", name="Wafers of the lot")
    expect(wafers.locator("tbody tr")).to_have_count(25)
    expect(wafers.locator("tbody tr").first).to_contain_text(re.compile("L-07-00.*fail.*0.600.*fail"))
    expect(wafers.get_by_role("link", name="L-07-00")).to_have_attribute(
        "href", re.compile(r"#/results/predict-16\?wafer=L-07-00&file=wafer_16032026_080000.csv$")
    )
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    assert download.value.path().read_text().startswith("wafer,file,verdict")
    page.go_back()
    expect(lots.locator("tbody tr")).to_have_count(12)


def test_tools_are_called_tools(browser: Browser, service: Service) -> None:
    told = [Told(f"{tool}-{place}", "pass", context={"Tool ID": tool}) for tool in ("E1", "E2") for place in range(20)]
    predicted_on(service.home, service.store, "02", told)

    with signed_in(browser, service.url, service.key("viewer")) as page:
        page.goto(f"{service.url}/#/lots/Tool ID")
        expect(page.get_by_role("img", name=re.compile("Flagged wafers by Tool ID: 2 tools"))).to_be_visible()
        expect(page.get_by_text("No tool stands out by more than chance")).to_be_visible()
        page.get_by_role("region", name="Tools").get_by_role("link", name="E1").click()
        expect(page.get_by_role("link", name="← All tools")).to_be_visible()
        expect(page.get_by_role("region", name="Wafers of the tool")).to_be_visible()
        page.goto(f"{service.url}/#/lots/Tool ID?lot=E9")
        expect(page.get_by_role("heading", name="Tool not found")).to_be_visible()


def test_a_click_on_the_chart_opens_the_lot_and_the_measure_stays_in_the_address(page: Page, weeks: Service) -> None:
    page.goto(f"{weeks.url}/#/lots/lot?measure=failed")
    chart = page.get_by_role("img", name=re.compile("Failing wafers, of those with an outcome by lot: 1 lot"))

    chart.locator("circle.dot:has(title)").click()

    expect(page.get_by_role("heading", name="L-07")).to_be_visible()
    assert "measure=failed" in page.url


def test_one_run_and_a_part_of_the_history_are_shown_alone(page: Page, weeks: Service) -> None:
    page.goto(f"{weeks.url}/#/lots/lot?run=predict-16")
    rows = page.get_by_role("region", name="Lots").locator("tbody tr")
    expect(rows).to_have_count(3)
    page.get_by_role("link", name="All predictions").click()
    expect(rows).to_have_count(12)

    page.get_by_label("Predicted since").fill("2026-03-20")
    page.get_by_label("Predicted since").press("Tab")
    expect(rows).to_have_count(3)

    page.goto(f"{weeks.url}/#/lots/lot?since=2027-01-01")
    expect(page.get_by_role("heading", name="No wafers to show")).to_be_visible()


def test_drift_is_followed_from_the_chart_to_the_sensors_of_a_prediction(page: Page, weeks: Service) -> None:
    page.goto(f"{weeks.url}/#/lots")
    page.get_by_role("navigation", name="History").get_by_role("link", name="Drift").click()
    chart = page.get_by_role("img", name=re.compile("over 4 predictions: 0.2 % in the newest; 1 with a warning"))
    expect(chart.locator("rect.flagged")).to_have_count(2)
    rows = page.get_by_role("region", name="Predictions").locator("tbody tr")
    expect(rows).to_have_count(4)

    chart.locator("rect.flagged").first.click()

    expect(page.get_by_role("heading", name="predict-16")).to_be_visible()
    expect(page.locator(".notice")).to_have_text("Look.")
    sensor = page.locator(".sensor-names").first.get_by_role("link", name="Sensor - 99")
    expect(sensor).to_have_attribute("href", re.compile(r"#/sensors/Sensor%20-%2099\?run=predict-16$"))
    expect(page.get_by_role("link", name="Lots", exact=True).first).to_have_attribute("aria-current", "page")
    page.get_by_role("link", name="Its lots").click()
    expect(page.get_by_role("region", name="Lots").locator("tbody tr")).to_have_count(3)


def test_the_scorecard_tells_promise_and_outcome_of_each_prediction(page: Page, weeks: Service) -> None:
    page.goto(f"{weeks.url}/#/scorecard/1")
    table = page.get_by_role("region", name="Live scorecard")
    expect(table.locator("tbody tr").first).to_contain_text(re.compile("predict-16.*25.*9.*100 %.*13 %"))
    expect(page.get_by_role("img", name=re.compile("10.0 % were promised: too few to say"))).to_be_visible()

    page.get_by_label("By", exact=True).select_option("month")

    expect(table.locator("tbody tr").first).to_contain_text("2026-03")
    page.get_by_label("Version").select_option("2")
    expect(page.get_by_role("heading", name="No scorecard of version 2 yet")).to_be_visible()


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(page: Page, weeks: Service, view: str) -> None:
    page.goto(f"{weeks.url}/#/{view}")
    expect(page.get_by_role("region", name=VIEWS[view], exact=True).locator("tbody tr").first).to_be_visible()

    assert [found for scheme, width in LOOKS for found in look(page, scheme, width)] == []


def test_after_a_link_the_keyboard_goes_on_from_the_new_content(page: Page, weeks: Service) -> None:
    page.goto(f"{weeks.url}/#/lots/lot")
    page.get_by_role("link", name="L-07").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Wafers of the lot")).to_be_visible()

    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('main').contains(document.activeElement)")
