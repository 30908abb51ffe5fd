"""The list of a run's wafers in a real browser, over fakes: what is set stands in the address and in the file."""

import re

import pytest
from playwright.sync_api import Page, Response, expect

from application.tests.judged_wafers import predict_wafers
from application.tests.serving import Service

pytestmark = pytest.mark.xdist_group("page")
ROLE = "admin"


def test_filter_order_budget_and_wafer_stand_in_the_address(page: Page, service: Service) -> None:
    run = predict_wafers(service)
    page.goto(f"{service.url}/#/results")
    rows = page.locator(".wafers tbody tr")
    expect(rows.first).to_be_visible()
    page.get_by_role("radio", name=re.compile("^All")).check(force=True)
    page.get_by_role("button", name="Wafer", exact=True).click()
    with page.expect_response(re.compile(r"/predictions\?.*threshold=")):
        page.get_by_role("slider", name="False-alarm budget").fill("30")
    shown = rows.all_inner_texts()
    address = page.url
    assert re.search(rf"#/results/{run}\?.*verdict=all&sort=wafer.*budget=0.31", address.replace("&page=", "&"))

    page.goto("about:blank")
    page.goto(address)

    expect(rows).to_have_text([re.compile(re.escape(each.split("\t")[1].strip())) for each in shown])
    expect(page.locator("th[aria-sort=ascending]")).to_have_text(re.compile("Wafer"))
    expect(page.locator(".budget-value")).to_have_text("31 %")


def test_back_takes_back_the_order_and_a_link_names_a_wafer(page: Page, service: Service) -> None:
    run = predict_wafers(service)
    page.goto(f"{service.url}/#/results/{run}?verdict=all&wafer=W-4")
    panel = page.get_by_role("complementary", name="Selected wafer")
    expect(panel.get_by_role("heading", level=2)).to_have_text("W-4")

    page.get_by_role("button", name="Probability", exact=True).click()
    expect(page.locator("th[aria-sort=descending]")).to_have_count(1)
    page.go_back()

    expect(page.locator("th[aria-sort]")).to_have_count(0)
    expect(page.get_by_role("radio", name=re.compile("^All"))).to_be_checked()


def test_a_long_run_is_opened_by_a_page_of_it(page: Page, service: Service) -> None:
    run = predict_wafers(service, [1 - n / 500 for n in range(450)])
    answers: list[Response] = []
    page.on("response", lambda each: answers.append(each))

    page.goto(f"{service.url}/#/results/{run}?verdict=all&page=3&wafer=W-7")

    expect(page.get_by_role("status").filter(has_text="401 to 450 of 450 wafers")).to_be_visible()
    expect(page.get_by_role("complementary", name="Selected wafer").get_by_role("heading", level=2)).to_have_text("W-7")
    pages = [each.json()["predictions"] for each in answers if "/predictions?" in each.url]
    assert sorted(map(len, pages)) == [1, 50]


def test_the_file_of_the_list_holds_what_is_shown(page: Page, service: Service) -> None:
    run = predict_wafers(service)
    page.goto(f"{service.url}/#/results/{run}?verdict=all")
    page.get_by_role("searchbox").fill("w-2")
    expect(page.locator(".wafers tbody tr")).to_have_count(1)

    with page.expect_download() as download:
        page.get_by_role("link", name="CSV of this list").click()

    lines = download.value.path().read_text().splitlines()
    assert [line.split(",")[1] for line in lines] == ["wafer", "W-2"]
    assert download.value.suggested_filename.startswith(f"predictions-{run}-")


def test_two_predictions_are_compared_and_an_old_one_is_removed(page: Page, service: Service) -> None:
    before, after = predict_wafers(service), predict_wafers(service)
    page.goto(f"{service.url}/#/runs/{after}")
    page.get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("0 of 6 wafers have another verdict")
    page.get_by_label("Wafers of the same verdict too").check()
    expect(page.locator("tbody tr")).to_have_count(6)
    assert f"b={after}" in page.url

    page.goto(f"{service.url}/#/runs/{before}")
    page.get_by_role("button", name="Remove…").click()
    page.get_by_role("button", name="Remove the run").click()

    expect(page.locator(".detail .notice")).to_contain_text("was removed by admin on")
    expect(page.locator(".history")).to_contain_text("removed")
    assert [each.key for each in service.store.keys("predictions") if before in each.key] == []
