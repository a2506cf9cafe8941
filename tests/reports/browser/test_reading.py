"""Whoever reads: light, dark, narrow, printed, by keyboard and by screen reader. axe-core finds nothing serious."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.reports.browser.conftest import Visit, visiting

AXE = Path(__file__).parents[3] / ".setup" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
PLACES = (
    "",
    "#/matrix",
    "#/cell/ra-00.number-00.linux-dnsmasq",
    "#/requirement/RA-00",
    "#/program/guest/linux",
    "#/figures",
    "#/programs",
)


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not here: script/test brings it where npm is")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible(chromium: Browser, report: Path, scheme: str) -> None:
    for visit in visiting(chromium, report, color_scheme=scheme, bypass_csp=True):
        for place in PLACES:
            page = visit.open(place)
            page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
            page.evaluate(AXE.read_text())
            found: dict[str, Any] = page.evaluate("axe.run(document, { resultTypes: ['violations'], preload: false })")
            serious = [
                f"{place} {each['id']}: {each['help']}: {node['html'][:160]} {node['failureSummary'][:300]}"
                for each in found["violations"]
                if each["impact"] in ("serious", "critical")
                for node in each["nodes"][:3]
            ]
            assert serious == []


@pytest.mark.parametrize("width", [380, 800, 1500])
def test_nothing_runs_out_of_the_page(chromium: Browser, report: Path, width: int) -> None:
    for visit in visiting(chromium, report, viewport={"width": width, "height": 900}):
        for place in PLACES:
            page = visit.open(place)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, (place, wide)


def test_print_shows_everything_that_needs_attention(visit: Visit) -> None:
    page = visit.open()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert not page.locator(".filters").is_visible() and not page.locator("header nav").is_visible()
    assert page.locator("#attention").inner_text().count("fail") >= 1
    page.emulate_media(media="screen")


def test_the_search_field_is_one_key_away(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("/")
    page.keyboard.type("ra-00")
    expect(page.locator(".filters output")).to_have_text("8 verdicts on 1 requirement")
    expect(page).to_have_url(re.compile("text=ra-00"))
