"""The report as one file: the same pages, under a policy that knows each script by its hash."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from reports.build import build
from tests.reports.browser.conftest import visiting
from tests.reports.staged import HOSTILE, staged_report


def test_one_file_shows_everything(chromium: Browser, tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    build(staged_report(made, said=HOSTILE), made, one_file=True)
    alone = tmp_path / "alone"
    alone.mkdir()
    (made / "sextant.html").rename(alone / "index.html")
    for visit in visiting(chromium, alone):
        page = visit.open()
        expect(page.locator(".filters output")).to_contain_text("24 verdicts")
        page = visit.open("#/cell/ra-00.number-00.linux-dnsmasq")
        assert page.locator(".ladder .arrow.deciding").count() == 1
        assert page.title() != "owned"
        assert {path.name for path in alone.iterdir()} == {"index.html"}
