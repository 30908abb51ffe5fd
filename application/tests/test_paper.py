"""Reports on paper: what a browser prints of them."""

import re
from pathlib import Path

from markupsafe import Markup
from playwright.sync_api import Browser

from wafer import reports


def page_of(folder: Path) -> Path:
    """A report with a long table of long texts, and a closed part."""
    rows = [
        (f"W-{number}", "Sensor - 1 3.5 (usual 1 to 2); " * 4, "wafer_01032021_041011.csv") for number in range(400)
    ]
    table = reports.table(("wafer", "reasons", "file"), rows)
    closed = reports.details("Closed on the screen", reports.paragraph("Open on paper."))
    path = folder / "report.html"
    path.write_text(reports.page("Wafers", Markup().join([reports.section("First", table), closed])))
    return path


def test_a_long_report_is_a_few_pages_of_paper(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    page.goto(page_of(tmp_path).as_uri())

    printed = page.pdf(format="A4")
    page.emulate_media(media="print")
    shown = page.locator("main").inner_text()
    page.close()

    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 4
    assert "The first 40 of 400 rows" in shown
    assert ("W-39\t" in shown, "W-40\t" in shown) == (True, False)


def test_what_is_closed_on_the_screen_is_open_on_paper(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    page.goto(page_of(tmp_path).as_uri())
    closed = page.get_by_text("Open on paper.")

    on_screen = closed.is_visible()
    page.emulate_media(media="print")
    on_paper = closed.evaluate(
        "each => each.checkVisibility({ contentVisibilityAuto: true }) && each.getBoundingClientRect().height > 0"
    )
    page.close()

    assert (on_screen, on_paper) == (False, True)
