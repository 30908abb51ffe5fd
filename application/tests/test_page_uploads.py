"""Files on the page: one upload for every kind of run, and advice where a file is no batch."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from application.tests.browser import signed_in
from application.tests.serving import Service

pytestmark = pytest.mark.xdist_group("page")


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    with signed_in(browser, service.url, service.key("admin")) as page:
        expect(page.get_by_role("heading", name="Start a run")).to_be_visible()
        yield page


def files(folder: Path, **contents: bytes) -> list[Path]:
    for name, content in contents.items():
        (folder / f"{name}.csv").write_bytes(content)
    return sorted(folder.iterdir())


def test_an_uploaded_set_is_trained_on_and_predicted(page: Page, service: Service, tmp_path: Path) -> None:
    page.get_by_role("radio", name="Train").check()
    page.locator("#files").set_input_files(files(tmp_path, wafer_01032021_041011=b"x"))
    page.get_by_label("Name of the batch set").fill("march")
    page.get_by_role("button", name="Upload 1 file and train").click()
    page.wait_for_url(re.compile(r"#/runs/train-"))

    page.get_by_role("radio", name="Predict").check()
    expect(page.get_by_role("button", name="Predict", exact=True)).to_be_disabled()  # nothing is chosen by itself
    page.get_by_label("Batches", exact=True).select_option("raw/train/march")
    page.get_by_role("button", name="Predict", exact=True).click()
    page.wait_for_url(re.compile(r"#/runs/predict-"))

    assert [(run.pipeline, run.source.rpartition("/")[2]) for run in service.backend.started] == [
        ("train", "march"),
        ("predict", "march"),
    ]
