"""How long plays last: the file that balances shards is brought up to date from recordings, and loses nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.selection.sharding import durations_in
from reports.document.durations import write
from reports.errors import ReportError


def write_recording(report: Path, name: str, scenario: str, seconds: float, *programs: str,
                    error: str | None = None) -> None:
    """A recording, as far as it is read here."""
    folder = report / "recordings" / name
    folder.mkdir(parents=True)
    who = {f"role{number}": {"name": program} for number, program in enumerate(programs)}
    told = {"play": {"scenario": scenario, "implementations": who}, "duration_ns": int(seconds * 1e9), "error": error}
    (folder / "recording.json").write_text(json.dumps(told))


@pytest.fixture
def report(tmp_path: Path) -> Path:
    for number, (program, seconds) in enumerate([("linux", 9.6), ("dhcpcd", 10.4), ("dhclient", 31.0)]):
        write_recording(tmp_path / "report", f"boot-{number}", "guest-boot", seconds, program, "dnsmasq")
    write_recording(tmp_path / "report", "broken", "guest-boot", 0.1, "linux", error="no stage")
    return tmp_path / "report"


def test_who_differs_much_has_an_entry_of_its_own(report: Path, tmp_path: Path) -> None:
    file = write([report], tmp_path / "durations.toml")
    assert durations_in(file) == {"guest-boot": {"usual": 10, "dhclient": 31}}


def test_what_was_not_played_keeps_its_entry(report: Path, tmp_path: Path) -> None:
    file = tmp_path / "durations.toml"
    file.write_text("guest-boot = {usual = 99, linux = 7}\nlease-release = {usual = 12}\n")
    write([report], file)
    assert durations_in(file) == {"guest-boot": {"usual": 10, "dhclient": 31}, "lease-release": {"usual": 12}}


def test_a_file_that_is_none_is_not_overwritten(report: Path, tmp_path: Path) -> None:
    file = tmp_path / "durations.toml"
    file.write_text("guest-boot = 7\n")
    with pytest.raises(ReportError, match="guest-boot: it must be a table of seconds"):
        write([report], file)
    assert file.read_text() == "guest-boot = 7\n"


def test_a_report_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="has no recordings"):
        write([tmp_path], tmp_path / "durations.toml")
    assert not (tmp_path / "durations.toml").exists()
