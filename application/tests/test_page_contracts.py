"""The page where an installation has several contracts: one is chosen, and every screen is about it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from application.tests.serving import Service
from wafer.contract import ContractFiles

pytestmark = pytest.mark.xdist_group("page")


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()


def sign_in(page: Page, service: Service) -> None:
    page.goto(service.url)
    page.get_by_label("API key").fill(service.key("admin"))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="Models")).to_be_visible()


def test_with_one_contract_there_is_nothing_to_choose(page: Page, service: Service) -> None:
    sign_in(page, service)

    expect(page.get_by_role("heading", name="Start a run")).to_be_visible()
    expect(page.get_by_label("Contract")).to_have_count(0)


def test_runs_and_models_are_those_of_the_chosen_contract(page: Page, service: Service, tmp_path: Path) -> None:
    service.parts.lines.contracts.add("line-b", ContractFiles.of(policy="silent_sensors: 0.5"))
    other: Any = service.parts.lines.past("line-b").registry
    other.promote(1)
    with service.client() as client:
        ours = client.post("/predict", json={"source": service.batches("raw/predict/ours")}).json()["run_id"]
    sign_in(page, service)
    expect(page.get_by_label("Contract")).to_have_value("field")
    expect(page.locator(".history li")).to_have_count(1)

    page.get_by_label("Contract").select_option("line-b")
    expect(page.locator(".history")).to_contain_text("No run yet")
    expect(page.locator("form.start")).to_contain_text("For the contract line-b.")
    batch = tmp_path / "wafer_01032021_041011.csv"
    batch.write_text("x")
    page.locator("#files").set_input_files(batch)
    page.get_by_role("button", name="Upload 1 file and predict").click()

    expect(page.locator(".history li")).to_have_count(1)
    expect(page.locator(".detail")).to_contain_text("line-b")
    started = service.backend.started[-1]
    assert started.contract == "line-b"
    page.get_by_role("link", name="Models").click()
    expect(page.locator(".versions li", has_text="Version 1").locator(".badge").first).to_have_text("production")
    page.goto(f"{service.url}/#/runs/{ours}")
    expect(page.get_by_label("Contract")).to_have_value("field")


def test_a_batch_set_is_offered_for_the_contract_of_its_upload(page: Page, service: Service, tmp_path: Path) -> None:
    service.parts.lines.contracts.add("line-b", ContractFiles.of(policy="silent_sensors: 0.5"))
    other: Any = service.parts.lines.past("line-b").registry
    other.promote(1)
    sign_in(page, service)
    page.get_by_label("Contract").select_option("line-b")
    batch = tmp_path / "wafer_01032021_041011.csv"
    batch.write_text("x")
    page.locator("#files").set_input_files(batch)
    page.get_by_label("Name of the batch set").fill("march")
    page.get_by_role("button", name="Upload 1 file and predict").click()
    expect(page.locator(".history li")).to_have_count(1)
    march = page.get_by_label("Batches", exact=True).locator("option[value='raw/predict/march']")

    expect(march).to_have_count(1)
    page.get_by_label("Contract").select_option("field")
    expect(page.locator(".history")).to_contain_text("No run yet")
    expect(march).to_have_count(0)
    page.get_by_label("Contract").select_option("line-b")
    expect(march).to_have_count(1)
    page.get_by_label("Batches", exact=True).select_option("raw/predict/march")
    page.get_by_role("button", name="Predict", exact=True).click()

    expect(page.locator(".history li")).to_have_count(2)
    assert [run.contract for run in service.backend.started] == ["line-b", "line-b"]
