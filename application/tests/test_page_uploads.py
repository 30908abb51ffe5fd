"""Files on the page: one upload for every kind of run, and advice where a file is no batch."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from application.tests.browser import signed_in
from application.tests.serving import MakeService, Service

pytestmark = pytest.mark.xdist_group("page")


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    with signed_in(browser, service.url, service.key("admin")) as page:
        expect(page.get_by_role("heading", name="Start a run")).to_be_visible()
        yield page


def files(folder: Path, **contents: bytes) -> list[Path]:
    for name, content in contents.items():
        (folder / f"{name}.csv").write_bytes(content)
    return sorted(folder.glob("*.csv"))


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


def test_a_workbook_under_the_name_of_a_batch_is_told_at_once(page: Page, service: Service, tmp_path: Path) -> None:
    chosen = files(tmp_path, good=b"x", workbook=b"PK\x03\x04" + b"." * 3_000_000, picture=b"\x89PNG\r\n\x1a\n")
    page.get_by_role("radio", name="Train").check()
    page.locator("#files").set_input_files(chosen)

    page.get_by_role("button", name="Upload 3 files and train").click()

    listed = page.get_by_role("list", name="Files to upload")
    expect(listed.locator("li", has_text="workbook.csv")).to_contain_text("Export the sheet as CSV")
    expect(listed.locator("li", has_text="picture.csv")).to_contain_text("is a picture")
    expect(listed.locator("li", has_text="good.csv")).to_contain_text("uploaded")
    expect(page.get_by_role("alert")).to_contain_text("2 files were refused")
    page.get_by_role("button", name="Train on 1 file").click()
    page.wait_for_url(re.compile(r"#/runs/train-"))
    assert len(service.backend.started) == 1


def test_a_file_beyond_the_limit_is_told_with_the_limit(
    browser: Browser, make_service: MakeService, tmp_path: Path
) -> None:
    service = make_service(WAFER_UPLOAD_BYTES=1_000_000)
    chosen = files(tmp_path, good=b"x", large=b"1" * 9_000_000)

    with signed_in(browser, service.url, service.key("operator")) as page:
        page.get_by_role("radio", name="Train").check()
        page.locator("#files").set_input_files(chosen)
        page.get_by_role("button", name="Upload 2 files and train").click()
        expect(page.get_by_role("list", name="Files to upload")).to_contain_text("larger than the limit")
        expect(page.get_by_role("alert")).to_contain_text("1 file was refused")
        expect(page.locator("#banner")).to_be_hidden()


def test_two_hundred_files_with_a_bad_name_among_them_are_uploaded(
    page: Page, service: Service, tmp_path: Path
) -> None:
    chosen = files(tmp_path, **{f"wafer_01032021_{each:06d}": b"%d" % each for each in range(200)}, **{"what?": b"x"})
    page.get_by_role("radio", name="Train").check()
    page.locator("#files").set_input_files(chosen)

    page.get_by_role("button", name="Upload 201 files and train").click()

    expect(page.get_by_role("alert")).to_contain_text("1 file was refused", timeout=120_000)
    expect(page.get_by_role("button", name="Train on 200 files")).to_be_enabled()
    page.get_by_role("button", name="Remove what?.csv").click()
    expect(page.get_by_role("list", name="Files to upload")).not_to_contain_text("what?")
