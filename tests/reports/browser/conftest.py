"""Debian's Chromium, driven by Playwright. The pages are opened from files; a request to anywhere else is a failure."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from reports.build import build
from tests.reports.staged import staged_report

CHROMIUM = shutil.which("chromium")
#: What headless Chromium needs as root and in containers.
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"]
#: Milliseconds after which a page that shows nothing is broken; a loaded host takes seconds.
PATIENCE = 60_000


@dataclass
class Visit:
    """A page of a report, with what went wrong in it: script errors, refused loads, requests that leave the folder."""

    page: Page
    folder: Path
    troubles: list[str] = field(default_factory=list)

    def open(self, place: str = "") -> Page:
        """Show an address of the report, and wait until it is shown."""
        self.page.goto("about:blank")
        self.page.goto(f"file://{self.folder}/index.html{place}")
        self.page.locator("html[data-ready]").wait_for(state="attached")
        return self.page

    def watch(self) -> None:
        """Begin to note what goes wrong."""
        self.page.on("pageerror", lambda error: self.troubles.append(f"script error: {error}"))
        self.page.on("console", lambda said: self._hear(said.type, said.text))
        self.page.on("request", lambda request: self._see(request.url))

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.troubles.append(f"console: {text}")

    def _see(self, url: str) -> None:
        if not url.startswith((f"file://{self.folder}/", "data:", "blob:", "about:")):
            self.troubles.append(f"request: {url}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser, once for all tests here."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: script/test installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of a few verdicts, the first of which a recording shows."""
    folder = tmp_path_factory.mktemp("report")
    build(staged_report(folder), folder)
    return folder


@pytest.fixture
def visit(chromium: Browser, report: Path) -> Iterator[Visit]:
    """A visit of that report, in which nothing may go wrong."""
    yield from visiting(chromium, report)


def visiting(browser: Browser, folder: Path, **options: Any) -> Iterator[Visit]:
    """A fresh visit of a report; at its end nothing has gone wrong."""
    context: BrowserContext = browser.new_context(accept_downloads=True, **options)
    context.set_default_timeout(PATIENCE)
    visit = Visit(context.new_page(), folder)
    visit.watch()
    yield visit
    assert visit.troubles == []
    context.close()
