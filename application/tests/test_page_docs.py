"""The description of the HTTP interface in a real browser."""

from playwright.sync_api import Browser, expect

from application.tests.serving import Service


def test_the_docs_show_the_interface_and_ask_no_other_host(browser: Browser, service: Service) -> None:
    page = browser.new_page()
    asked: set[str] = set()
    complaints: list[str] = []
    page.on("request", lambda request: asked.add(request.url.split("/")[2]))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)

    page.goto(f"{service.url}/docs")

    expect(page.get_by_text("/runs/compare")).to_be_visible()
    page.close()
    assert asked <= {service.url.split("/")[2], ""}
    assert complaints == []


def test_a_change_is_tried_with_the_session_of_the_page(browser: Browser, service: Service) -> None:
    page = browser.new_page()
    page.goto(service.url)
    page.get_by_label("API key").fill(service.key("admin"))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.goto(f"{service.url}/docs")

    page.locator("#operations-models-rollback_models_rollback_post").get_by_role("button").first.click()
    page.get_by_role("button", name="Try it out").click()
    with page.expect_response("**/models/rollback") as answer:
        page.get_by_role("button", name="Execute").click()

    page.close()
    assert answer.value.status == 200
