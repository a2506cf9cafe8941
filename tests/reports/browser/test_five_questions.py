"""The five questions of docs/reading-a-report.md, answered by the clicks that it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from reports.build import build
from tests.reports.browser.conftest import Visit, visiting
from tests.reports.staged import staged_report


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of guests on two networks, the second run of two: its first verdict passed the day before."""
    folder = tmp_path_factory.mktemp("compared")
    today = staged_report(folder)
    for verdict in today["verdicts"]:
        verdict["implementations"].setdefault("dhcpv6-server", {"name": "dnsmasq", "version": "2.90"})
    yesterday = deepcopy(today)
    yesterday["run"]["started"] = "2026-01-01T03:04:05Z"
    yesterday["verdicts"][0] |= {"verdict": "pass", "reason": "the guest believed no RA"}
    build(today, folder, previous=yesterday)
    return folder


@pytest.fixture
def visit(chromium: Browser, two_runs: Path) -> Iterator[Visit]:
    yield from visiting(chromium, two_runs)


def test_who_violates_it_which_packet_and_how_to_play_it_again(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("/")
    page.keyboard.type("RA-00")
    expect(page).to_have_url(re.compile("text=RA-00"))
    page.locator("#matrix tbody tr:not(.family) a.id").first.click()
    expect(page.locator("#violated")).to_contain_text("linux")
    page.locator("#violated li li", has_text="hop limit 64").get_by_role("link").first.click()
    expect(page.locator(".ladder .arrow.deciding")).to_have_count(1)
    expect(page.locator(".evidence .decisive")).to_have_count(1)
    expect(page.locator(".decode .marked").first).to_contain_text("hop limit")
    again = page.locator(".command", has_text="plays exactly this again")
    assert again.locator("code").inner_text().startswith("pytest ")
    again.get_by_role("button", name="copy").click()
    expect(again.get_by_role("button")).to_have_text("copied")


def test_what_changed_is_there_without_a_click(visit: Visit) -> None:
    changes = visit.open().locator("main section").first
    expect(changes).to_contain_text("What changed")
    expect(changes).to_contain_text("Since the run of 2026-01-01")
    worse = changes.locator("details.worse li")
    expect(worse).to_have_count(1)
    expect(worse).to_contain_text("RA-00")
    expect(worse).to_contain_text("the guest believed an RA with hop limit 64")


@pytest.mark.parametrize(("guest", "network", "answer"), [
    ("linux", "dnsmasq", "They do not work together: the guest gets no default route"),
    ("dhclient", "radvd + kea", "No play of theirs shows whether they work together"),
])
def test_is_a_pair_safe_to_ship(visit: Visit, guest: str, network: str, answer: str) -> None:
    page = visit.open()
    page.locator("#interop").get_by_role("link", name=f"{guest} on {network}: ").click()
    expect(page.locator("main h1")).to_have_text(f"{guest} on {network}")
    expect(page.locator("main p.lead")).to_contain_text(answer)
    expect(page.locator("table.five tr")).to_have_count(5)
