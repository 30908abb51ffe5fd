"""The page of a version says one thing of it: its place, what its training decided, what people did since and why."""

import pytest
from playwright.sync_api import Page, expect

from application.tests.serving import Service

pytestmark = pytest.mark.xdist_group("page")
ROLE = "viewer"


def test_a_version_that_was_rolled_back_says_who_put_it_there_and_who_took_it_away(
    page: Page, service: Service
) -> None:
    with service.client() as client:
        client.post("/models/1/promote", json={"why": "as agreed"})
        client.post("/models/rollback", json={"why": "lot 7 looks wrong"})

    page.goto(f"{service.url}/#/models/1")

    card = page.get_by_role("region", name="Version 1")
    line = page.locator(".versions li", has_text="Version 1")
    expect(card.locator(".heading .badge")).to_have_text("former")
    expect(line.locator(".badge")).to_have_text("former")
    expect(card).to_contain_text("Promoted after training.")
    expect(card).to_contain_text("12 wafers of the training set read like another one")
    entries = card.locator(".told li")
    expect(entries).to_have_count(4)
    expect(entries.nth(0)).to_contain_text("Replaced by version 2 in a rollback by admin")
    expect(entries.nth(0)).to_contain_text("lot 7 looks wrong")
    expect(entries.nth(1)).to_contain_text("Promoted by admin")
    expect(entries.nth(1)).to_contain_text("as agreed")
    expect(entries.nth(3)).to_contain_text("Promoted by its training")
    page.goto(f"{service.url}/#/models/2")
    card = page.get_by_role("region", name="Version 2")
    expect(card.locator(".heading .badge")).to_have_text("production")
    expect(card.locator(".told li").first).to_contain_text("Restored by admin")
