"""The packets that a cell's page gives: Wireshark shows which of them decided, of a play and of a capture alike."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.captures import cases
from tests.reports.browser.conftest import Visit, visiting

ROOT = Path(__file__).parents[3]


def comments(page: Page, folder: Path) -> list[str]:
    """Number and comment of each commented frame of what the page downloads, as tshark reads them."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name="pcapng with comments").click()
    saved = folder / "commented.pcapng"
    waiting.value.save_as(saved)
    fields = ["-Y", "frame.comment", "-T", "fields", "-e", "frame.number", "-e", "frame.comment"]
    done = subprocess.run(["tshark", "-r", saved, *fields], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_of_a_play(visit: Visit, tmp_path: Path) -> None:
    (told,) = comments(visit.open("#/cell/ra-00.number-00.linux-dnsmasq"), tmp_path)
    assert told.startswith("4\tRA-00 fail:") and "hop limit 64" in told


@pytest.fixture(scope="module")
def capture_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a capture whose second frame is an NA with hop limit 64."""
    folder = tmp_path_factory.mktemp("captured")
    heard = folder / "heard on Monday.pcap"
    heard.write_bytes(cases.capture([(0.0, cases.advertisement()), (2.5, cases.router_s_own_advertisement()[0][1])]))
    command = [sys.executable, "-m", "pytest", "conformance", "-q", "-p", "no:cacheprovider", "--pcap", heard,
               "--report-dir", folder / "report"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    return folder / "report"


@pytest.fixture
def visit_of_capture(chromium: Browser, capture_report: Path) -> Iterator[Visit]:
    yield from visiting(chromium, capture_report)


def test_of_a_capture(visit_of_capture: Visit, tmp_path: Path) -> None:
    page = visit_of_capture.open()
    page.locator("#attention .findings a", has_text=cases.ROUTER_MAC).first.click()
    expect(page.locator("main")).to_contain_text("heard on Monday.pcap")
    expect(page.locator("main")).to_contain_text("15 June 2025")
    expect(page.locator(".evidence .decisive")).to_contain_text("frame 2")
    (told,) = comments(page, tmp_path)
    assert told.startswith("2\tNDP-02 fail:") and "hop limit 64" in told
