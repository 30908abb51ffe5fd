"""A sensor in question, in a real browser: behind which flags it is, since when it shifted, and on which wafers."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from application.tests.browser import LOOKS, look, signed_in
from application.tests.past import a_run_with_readings
from application.tests.serving import Service, open_service
from wafer.tests.sensor_runs import FILES, SHIFTED, SILENT

pytestmark = pytest.mark.xdist_group("page")


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One prediction of four files; a sensor shifts in the third, another falls silent in the last."""
    with open_service(tmp_path_factory.mktemp("sensors")) as service:
        a_run_with_readings(service.home, service.store)
        yield service


@pytest.fixture(scope="module")
def page(browser: Browser, line: Service) -> Iterator[Page]:
    """The page of a viewer who has signed in."""
    with signed_in(browser, line.url, line.key("viewer")) as opened:
        yield opened


def test_a_shifted_sensor_is_found_and_followed_to_its_wafers(page: Page, line: Service) -> None:
    page.goto(f"{line.url}/#/runs")
    page.get_by_role("link", name="Sensors", exact=True).click()
    pareto = page.get_by_role(
        "img", name=re.compile(f"{SHIFTED} is named by 4 flagged wafers; the first 2 sensors are 100 %")
    )
    expect(pareto).to_be_visible()
    rows = page.get_by_role("region", name="Sensors by shift").locator("tbody tr")
    expect(rows.first).to_contain_text(re.compile(f"{SHIFTED}.*moved.*3.20.*74 %"))
    page.get_by_role("button", name="Silent", exact=True).click()
    expect(rows.first).to_contain_text(SILENT)
    assert "sort=-silent" in page.url

    page.get_by_label("Narrow down by").select_option("lot")
    page.get_by_label("lot", exact=True).select_option("L-1")
    expect(page.get_by_role("img", name=re.compile("Sensor - 1 is named by 1 flagged wafer;"))).to_be_visible()
    rows.get_by_role("link", name=SHIFTED).click()
    page.wait_for_url(re.compile("#/sensors/Sensor%20-%202"))

    chart = page.get_by_role(
        "img", name=re.compile(f"{SHIFTED} over 48 wafers in order. 2 files shifted, from {FILES[2]}")
    )
    expect(chart).to_be_visible()
    expect(chart.locator("line.step.shifted")).to_have_count(3)  # two files, and the key
    expect(chart.locator("rect.usual")).to_have_count(2)
    expect(page.get_by_role("img", name=re.compile("known to fail.*median"))).to_be_visible()
    files = page.get_by_role("region", name="Files").locator("tbody tr")
    expect(files).to_contain_text([FILES[0], FILES[1], "shifted", "shifted"])
    page.get_by_role("link", name="W-29").click()
    expect(page.get_by_role("complementary", name="Selected wafer")).to_contain_text("W-29")
    assert "wafer=W-29" in page.url
    page.go_back()
    expect(chart).to_be_visible()


def test_a_silent_stretch_is_marked_and_the_chart_is_saved(page: Page, line: Service) -> None:
    page.goto(f"{line.url}/#/sensors/{SILENT}?run=predict-06")
    chart = page.get_by_role("img", name=re.compile("No file has shifted; silent in 1 file"))
    expect(chart.locator("rect.silent")).to_have_count(2)  # the file, and the key

    with page.expect_download() as picture:
        page.get_by_role("button", name="Save PNG: Sensor - 3 over").click()
    with page.expect_download() as data:
        page.get_by_role("button", name="Save CSV: Sensor - 3 over").click()

    assert picture.value.suggested_filename == "predict-06-Sensor-3.png"
    assert picture.value.path().read_bytes().startswith(b"\x89PNG")
    lines = data.value.path().read_text().splitlines()
    assert lines[0] == "place,wafer,file,reading,verdict,learned from,rank,outcome"
    assert len(lines) == 37  # the twelve silent wafers have no reading


@pytest.mark.parametrize(
    ("address", "ready"), [("", "Sensors by shift"), (f"/{SHIFTED}?run=predict-06", "Wafers that stand out")]
)
def test_axe_finds_nothing_and_nothing_is_cut_off(page: Page, line: Service, address: str, ready: str) -> None:
    page.goto(f"{line.url}/#/sensors{address}")
    expect(page.get_by_role("region", name=ready).locator("tbody tr").first).to_be_visible()
    expect(page.locator("svg.chart").first).to_be_visible()

    assert [found for scheme, width in LOOKS for found in look(page, scheme, width)] == []
