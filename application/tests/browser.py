"""An installed Chromium for tests and pictures of the page."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Scheme = Literal["light", "dark"]
LOOKS: tuple[tuple[Scheme, int], ...] = (("light", 1440), ("dark", 1440), ("light", 768), ("light", 390))
# What a screen shows when it has everything.
READY = {"runs": ".detail .tiles", "results": ".strip-chart .density", "models": ".chart .line"}


def installed_chromium() -> str | None:
    """Path of a Chromium on this machine."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """A browser without a window; its expectations wait longer, for machines that are busy."""
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def wait_until_ready(page: Page, screen: str) -> None:
    """Wait until the screen shows what it has to show."""
    expect(page.locator(READY[screen]).first).to_be_visible()
    page.evaluate("document.fonts.ready")


@contextmanager
def signed_in(browser: Browser, url: str, key: str) -> Iterator[Page]:
    """The page of whoever has this key, on a desk's screen."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.goto(url)
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="Results")).to_be_visible()
    yield page
    context.close()


def look(page: Page, scheme: Scheme, width: int) -> list[str]:
    """What axe finds in light or dark on a screen so wide, and whether it scrolls sideways; then as it was before."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    violations = Axe().run(page).response["violations"]
    wide, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1440, "height": 900})
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in violations] + ["sideways"] * (wide > window)
