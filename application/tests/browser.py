"""An installed Chromium for tests and pictures of the page."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

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
