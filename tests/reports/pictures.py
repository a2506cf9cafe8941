"""`script/pictures REPORT`: the pictures in README and docs, taken of a report in Debian's Chromium.

A picture is of what a reader sees after the clicks that docs/reading-a-report.md names. Where the report has no such
cell, its picture is left as it is, and that is said.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[2]
INTO = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 1280, 860


def main(report: Path) -> int:
    """Take all pictures. Exit status 4 where there is no report or no browser."""
    browser = shutil.which("chromium")
    if browser is None or not (report / "index.html").is_file():
        print(f"ERROR: {'chromium is not installed' if browser is None else f'{report} is no report'}", file=sys.stderr)
        return 4
    INTO.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        window = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = window.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        for name, take in PICTURES.items():
            told = take(page, report, INTO / f"{name}.png")
            print(f"docs/pictures/{name}.png" if told else f"{name}: this report has nothing to show there")
        window.close()
    return 0


def show(page: Page, report: Path, place: str) -> None:
    """Show an address of the report."""
    page.goto("about:blank")
    page.goto(f"file://{report.resolve()}/index.html{place}")
    page.locator("html[data-ready]").wait_for(state="attached")


def cell(report: Path, requirement: str, *words: str) -> str | None:
    """The address of the first cell of a requirement in whose address and verdict all these words are."""
    text = (report / "data" / "index.js").read_text()
    index: dict[str, Any] = json.loads(text.removeprefix("Sextant.index(").removesuffix(");\n"))
    for row in index["cells"]:
        known = row[1] >= 0 and index["requirements"][row[1]]["id"] == requirement
        if known and all(word in f"{row[0]} {index['verdicts'][row[8]]}" for word in words):
            return str(row[0])
    return None


def whole(place: str, under: str = "") -> Callable[[Page, Path, Path], bool]:
    """A picture of a page, or of it from one of its sections on."""

    def take(page: Page, report: Path, into: Path) -> bool:
        show(page, report, place)
        if under and not page.locator(under).count():
            return False
        if under:
            page.locator(under).evaluate("each => each.scrollIntoView()")
        page.screenshot(path=into)
        return True

    return take


def packet(requirement: str, *words: str) -> Callable[[Page, Path, Path], bool]:
    """A picture of a cell's page with its ladder and the deciding packet."""

    def take(page: Page, report: Path, into: Path) -> bool:
        anchor = cell(report, requirement, *words)
        if anchor is None:
            return False
        show(page, report, f"#/cell/{anchor}")
        page.set_viewport_size({"width": WIDTH, "height": 1250})
        page.screenshot(path=into)
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        return True

    return take


def ladder(requirement: str, *words: str, click: str = "") -> Callable[[Page, Path, Path], bool]:
    """A picture of a ladder alone from its first cited packet on, with a decoded packet beside it.

    That is the one that decided, or the first whose line has the words `click`.
    """

    def take(page: Page, report: Path, into: Path) -> bool:
        anchor = cell(report, requirement, *words)
        if anchor is None:
            return False
        page.set_viewport_size({"width": WIDTH, "height": 760})
        show(page, report, f"#/cell/{anchor}")
        page.wait_for_timeout(300)  # the page itself scrolls to the deciding packet
        if click:
            page.locator(".ladder .arrow", has_text=click).first.dispatch_event("click")
        page.locator(".board").evaluate(
            "board => { const first = board.querySelector('.arrow.cited, .arrow.deciding');"
            " board.scrollTop += first.getBoundingClientRect().top - board.getBoundingClientRect().top - 95; }"
        )
        page.locator("#ladder .two").screenshot(path=into)
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        return True

    return take


PICTURES: dict[str, Callable[[Page, Path, Path], bool]] = {
    "front": whole(""),
    "who-with-whom": whole("", "#interop"),
    "matrix": whole("#/?verdict=attention", "#matrix"),
    "who-violates": whole("#/requirement/RA-11"),
    "which-packet": packet("RA-11", "dhcpcd", "fail"),
    "what-changed": whole("", "#changes"),
    "figures": whole("#/figures"),
    "ladder-dhcpv6-boot": ladder("DHCP6-04", "four-messages", "stateful", "radvd-kea-dhcpcd", "pass", click="Reply"),
    "ladder-redirect": ladder("RA-20", "linux", "pass"),
    "ladder-fallback": ladder("DUAL-09", "curl", "pass"),
    "ladder-proxy": ladder("PNDP-01", "linux", "pass"),
    "ladder-prefix-delegation": ladder("PD-01", "kea-systemd-networkd", "reached", "pass", click="Reply"),
}

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "reports/out")))
