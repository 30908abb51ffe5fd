"""The page's parts for long lists in a real browser, without a service behind them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

STATIC = Path(__file__).parents[1] / "page" / "static"
MEDIA = {".js": "text/javascript", ".css": "text/css"}
SHELL = '<!doctype html><html lang="en"><title>List</title><link rel="stylesheet" href="page.css"><main></main></html>'
MAKE = """async ({ rows, state, open }) => {
  const { listTable } = await import("/table.js");
  const { remember } = await import("/address.js");
  window.opened = [];
  window.list = listTable({
    label: "Wafers", noun: "wafer", rows, state, changed: (state) => remember(state, { step: true }),
    columns: [
      { key: "wafer", title: "Wafer", value: (row) => row.wafer },
      { key: "score", title: "Score", kind: "number", value: (row) => row.score },
    ],
    key: (row) => row.wafer, open: open ? (row) => window.opened.push(row.wafer) : undefined,
  });
  document.querySelector("main").replaceChildren(window.list.element);
}"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A document with the page's style and nothing in it."""
    opened = browser.new_page()

    def answer(route: Route) -> None:
        path = STATIC / route.request.url.rpartition("/")[2]
        if path.suffix in MEDIA:
            route.fulfill(body=path.read_text(), content_type=MEDIA[path.suffix])
        else:
            route.fulfill(body=SHELL, content_type="text/html")

    opened.route("**/*", answer)
    yield opened
    opened.close()


def show(page: Page, rows: list[dict[str, Any]], hash_: str = "#/results/run-1", **given: object) -> None:
    page.goto("about:blank")
    page.goto(f"http://page.test/{hash_}")
    page.evaluate(MAKE, {"rows": rows, "state": {}, "open": False, **given})


def first_column(page: Page) -> list[str]:
    return page.locator("tbody tr td:first-child").all_inner_texts()


WAFERS: list[dict[str, Any]] = [
    {"wafer": "W-10", "score": 0.2},
    {"wafer": "W-9", "score": None},
    {"wafer": "W-2", "score": 0.7},
]


def test_a_click_on_a_heading_sorts_and_a_second_turns_the_order(page: Page) -> None:
    show(page, WAFERS)
    heading = page.get_by_role("columnheader", name="Score")
    button = heading.get_by_role("button")

    button.click()
    assert first_column(page) == ["W-2", "W-10", "W-9"]
    expect(heading).to_have_attribute("aria-sort", "descending")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    assert first_column(page) == ["W-10", "W-2", "W-9"]  # what has no value stays last
    expect(heading).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("button", name="Wafer").click()

    assert first_column(page) == ["W-2", "W-9", "W-10"]


def test_the_search_keeps_the_rows_with_every_word_and_stands_in_the_address(page: Page) -> None:
    show(page, WAFERS, hash_="#/results/run-1?wafer=W-9")

    page.get_by_role("searchbox").fill("w- 0.7")

    expect(page.locator("tbody tr")).to_have_count(1)
    assert first_column(page) == ["W-2"]
    assert page.url.endswith("#/results/run-1?wafer=W-9&q=w-+0.7")
    page.get_by_role("searchbox").fill("nothing")
    expect(page.locator("td.none")).to_have_text("No wafer fits. Try another search.")


def test_back_takes_the_last_step_back(page: Page) -> None:
    show(page, WAFERS)
    page.evaluate("""async () => { const { address } = await import("/address.js");
      addEventListener("hashchange", () => window.list.restore(address().state)); }""")
    page.get_by_role("button", name="Score").click()
    expect(page.locator("tbody tr").first).to_contain_text("W-2")

    page.go_back()

    expect(page.locator("tbody tr").first).to_contain_text("W-10")
    expect(page.locator("th[aria-sort]")).to_have_count(0)


def test_a_hundred_thousand_rows_are_shown_in_pages(page: Page) -> None:
    show(page, [{"wafer": f"W-{n}", "score": n / 1e5} for n in range(100_000)], state={"sort": "-score", "page": "2"})

    expect(page.locator("tbody tr")).to_have_count(200)
    expect(page.get_by_role("status")).to_have_text("201 to 400 of 100,000 wafers")
    assert first_column(page)[0] == "W-99799"
    page.get_by_role("button", name=re.compile("Next")).click()
    expect(page.get_by_role("status")).to_have_text("401 to 600 of 100,000 wafers")
    assert page.url.endswith("?sort=-score&page=3")
    page.get_by_role("searchbox").fill("W-99999")
    expect(page.get_by_role("status")).to_have_text("1 wafer")


def test_arrow_keys_go_through_the_rows(page: Page) -> None:
    show(page, WAFERS, open=True)
    page.evaluate("""() => { for (const cell of document.querySelectorAll("tbody td:first-child")) {
      const button = document.createElement("button");
      button.textContent = cell.textContent;
      cell.replaceChildren(button);
    } }""")
    page.locator("tbody button").first.click()

    page.keyboard.press("ArrowDown")

    assert page.evaluate("window.opened") == ["W-10", "W-9"]
    expect(page.locator("tr[aria-selected]")).to_have_text(re.compile("W-9"))
    expect(page.locator("tbody button").nth(1)).to_be_focused()


def test_a_server_sorts_searches_and_pages_where_the_list_is_long(page: Page) -> None:
    show(page, [])
    page.evaluate("""async () => {
      const { listTable } = await import("/table.js");
      window.asked = [];
      const load = async ({ sort, q, offset, limit }) => {
        window.asked.push([sort, q, offset, limit]);
        if (q === "slow") await new Promise((done) => (window.answer = done));
        return { rows: [{ wafer: `${q || sort || "first"} ${offset}` }], total: 1000 };
      };
      const columns = [{ key: "wafer", title: "Wafer", value: (row) => row.wafer }];
      document.querySelector("main").replaceChildren(listTable({ label: "Wafers", columns, load }).element);
    }""")
    expect(page.locator("tbody tr")).to_have_text("first 0")
    page.get_by_role("button", name=re.compile("Next")).click()
    expect(page.locator("tbody tr")).to_have_text("first 200")
    page.get_by_role("button", name="Wafer").click()
    expect(page.locator("tbody tr")).to_have_text("wafer 0")

    page.get_by_role("searchbox").fill("slow")
    page.wait_for_function("window.asked.length === 4")
    page.get_by_role("searchbox").fill("fast")

    expect(page.locator("tbody tr")).to_have_text("fast 0")
    page.evaluate("window.answer()")  # late, to a question that nobody asks any more
    expect(page.locator("tbody tr")).to_have_text("fast 0")
    assert page.evaluate("window.asked")[-1] == ["wafer", "fast", 0, 200]
