"""The page about outcomes in a real browser, over fakes: sending them, the scorecard, who promotes after a training."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from playwright.sync_api import Page, expect
from pyarrow import parquet

from application.tests.serving import Service
from wafer.built_in import BUILT_IN
from wafer.outcomes.matched import SCHEMA
from wafer.store import layout, publish

pytestmark = pytest.mark.xdist_group("page")
ROLE = "admin"


def predictions(month: int, *, version: int, misled: int, shadow: bool = False) -> list[dict[str, Any]]:
    """A hundred passing wafers, some of them flagged, and ten failing ones, half of them flagged."""
    flagged = [place < misled for place in range(100)] + [place % 2 == 0 for place in range(10)]
    return [
        {
            "prediction": f"predict-{month}",
            "document": f"{month}-{place}",
            "wafer": f"W-{month}-{place}",
            "key": None,
            "file": "lot.csv",
            "moment": datetime(2026, month, 4),  # noqa: DTZ001 - taken as UTC
            "model_version": version,
            "shadow": shadow,
            "verdict": "fail" if each else "pass",
            "probability": 0.6 if each else 0.2,
            "threshold": 0.5,
            "in_training": False,
            "budget": 0.1,
            "failed": place >= 100,
            "received": "2026-04-09",
            "contract": BUILT_IN,
        }
        for place, each in enumerate(flagged)
    ]


def receive(service: Service, folder: Path, *rows: dict[str, Any]) -> None:
    """Outcomes arrive."""
    path = folder / layout.MATCHED
    parquet.write_table(pa.Table.from_pylist(list(rows), SCHEMA), path)
    publish(service.store, layout.published("outcomes", "outcomes-1"), {layout.MATCHED: path}, run_id="outcomes-1")


def test_outcomes_are_uploaded_and_taken_in(page: Page, service: Service, tmp_path: Path) -> None:
    file = tmp_path / "wafer_01032021_041011.csv"
    file.write_text("Wafer,Good/Bad\nW-1,1\n")
    page.get_by_role("radio", name="Outcomes").check()
    page.locator("#files").set_input_files([file])

    page.get_by_role("button", name="Upload 1 file and take in outcomes").click()

    page.wait_for_url(re.compile(r"#/runs/outcomes-"))
    (started,) = service.backend.started
    assert (started.pipeline, started.requested_by) == ("outcomes", "admin")
    assert "raw/outcomes/lot-" in started.source


@pytest.mark.parametrize(("words", "sent"), [("As configured", ""), ("Wait for a person", "candidate")])
def test_a_training_says_who_promotes_its_version(page: Page, service: Service, words: str, sent: str) -> None:
    service.batches("raw/train/lot-1")
    page.get_by_role("radio", name="Train").check()
    page.get_by_text("Options").click()
    page.get_by_label("After the training").select_option(words)

    page.get_by_role("button", name="Train", exact=True).click()

    page.wait_for_url(re.compile(r"#/runs/train-"))
    assert service.backend.started[0].parameters.get("promotion", "") == sent


def test_the_scorecard_shows_each_period_and_both_versions_on_the_same_wafers(
    page: Page, service: Service, tmp_path: Path
) -> None:
    shadow = predictions(3, version=1, misled=4, shadow=True)
    rows = [*predictions(2, version=2, misled=9), *predictions(3, version=2, misled=30), *shadow]
    receive(service, tmp_path, *rows)

    page.goto(f"{service.url}/#/models/2")

    card = page.locator("section[aria-labelledby=scorecard-title]")
    table = card.locator(".scroll[aria-label='Live scorecard']")
    expect(table.locator("tr", has_text="2026-03")).to_contain_text("30 % (22 % to 38 %)")
    expect(table.locator("tr", has_text="2026-03")).to_contain_text("broken")
    both = card.get_by_role("region", name="Two versions on the same wafers")
    expect(both.locator("tbody tr")).to_have_text([re.compile("^Version 2.*30 %"), re.compile("^Version 1.*4 %")])
    expect(card.get_by_role("img")).to_have_count(2)
    card.get_by_label("by").select_option("day")
    expect(table.locator("tr", has_text="2026-03-04")).to_be_visible()


def test_a_version_without_outcomes_says_so(page: Page, service: Service) -> None:
    page.goto(f"{service.url}/#/models/1")

    card = page.locator("section[aria-labelledby=scorecard-title]")
    expect(card).to_contain_text("No outcomes on unseen wafers yet")
    expect(card).not_to_contain_text("0 %")
