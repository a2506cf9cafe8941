"""Bad input as a user meets it: one clear sentence, the right exit status, nothing left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pexpect  # type: ignore[import-untyped]
import pytest

from fixtures.recording.storage import save
from fixtures.sandbox import environment
from linux import system
from tests.conformance.synthetic import frame, recording

PROJECT = Path(__file__).parents[2]
PYTEST = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
#: A play of one guest alone.
ALONE = ("conformance/checks/neighbor_discovery/test_on_link.py", "--requirement", "NDP-12")


def outside() -> dict[str, str]:
    """The environment of a shell that is in no sandbox."""
    outer = {name: value for name, value in os.environ.items()
             if name not in (environment.MARK, environment.KEPT) and not name.startswith(("PYTEST_", "COV_"))}
    return outer | {"PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "400"}


def run(*arguments: str | Path, report: Path, within: float = 90) -> subprocess.CompletedProcess[str]:
    """The suite, with both streams as one, as a terminal shows them."""
    return subprocess.run([*PYTEST, *map(str, arguments), "--report-dir", str(report)], env=outside(), cwd=PROJECT,
                          text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=within)


def lines(done: subprocess.CompletedProcess[str], word: str) -> list[str]:
    assert "Traceback" not in done.stdout and "INTERNALERROR" not in done.stdout, done.stdout
    return [line for line in done.stdout.splitlines() if word in line]


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A place for a report below a directory that has nothing else in it."""
    return tmp_path / "reports" / "out"


def assert_nothing_is_left(report: Path) -> None:
    assert not report.parent.exists() or list(report.parent.iterdir()) == []


@pytest.mark.parametrize(("arguments", "status", "sentence"), [
    (("--guest", "dhclint"), 4, "ERROR: --guest dhclint: unknown guest 'dhclint'; did you mean dhclient? (known: "),
    (("--router", "dhcpcd"), 4, "ERROR: --router dhcpcd: dhcpcd plays guest, requesting-router, not router (known: "),
    (("--requirement", "RA-99"), 4, "ERROR: --requirement RA-99: unknown requirement 'RA-99'; did you mean RA-"),
    (("--recordings", "/nowhere"), 4, "ERROR: --recordings /nowhere: there is no such directory"),
    (("-k", "nothing_like_it"), 5, "no check is selected: nothing was judged, so this run is not green"),
])
def test_what_is_asked_for(report: Path, arguments: tuple[str, ...], status: int, sentence: str) -> None:
    done = run("conformance/", *arguments, report=report)
    assert (done.returncode, len(lines(done, sentence))) == (status, 1), done.stdout
    assert_nothing_is_left(report)


def test_programs_that_break_their_contract(report: Path) -> None:
    done = run(*ALONE, "-p", "tests.conformance.unsound.guests", "--guest", "ends-at-once", "--guest", "never-ready",
               report=report)
    told = lines(done, "error: test_")
    assert done.returncode == 3, done.stdout
    assert sorted({line.partition(": error: ")[2] for line in told}) == [
        "the play broke: ends-at-once ended with exit status 64 before it was ready; "
        "its output ends: unknown option --guest",
        "the play broke: never-ready was not ready within 0.5 s; its output ends: soliciting",
    ]
    verdicts = json.loads((report / "compliance.json").read_text())["verdicts"]
    assert {each["verdict"] for each in verdicts} == {"error"}


def test_a_kernel_that_cannot_record(report: Path) -> None:
    done = run(*ALONE, "-p", "tests.conformance.unsound.old_kernel", "--guest", "linux", report=report)
    (sentence,) = lines(done, "ERROR: ")
    assert (done.returncode, sentence) == (4, "ERROR: this kernel lacks what every play needs: TPACKET_V3 rings "
                                              "(a kernel with CONFIG_PACKET, Linux 3.2 or newer)")
    assert lines(done, "kernel TPACKET_V3 rings  every recording")
    assert_nothing_is_left(report)


def test_a_truncated_recording(report: Path, tmp_path: Path) -> None:
    saved = save(recording(frame()), tmp_path / "saved" / "one")
    packets = saved / "packets.pcapng.gz"
    size = packets.stat().st_size
    packets.write_bytes(packets.read_bytes()[:-9])
    done = run("conformance/", "--recordings", saved.parent, report=report)
    (sentence,) = lines(done, "ERROR: ")
    assert done.returncode == 4
    assert sentence == (f"ERROR: --recordings {saved.parent}: the recording {saved} is truncated or altered: "
                        f"packets.pcapng.gz has {size - 9} bytes, not {size}")


def test_a_recording_of_another_schema(report: Path, tmp_path: Path) -> None:
    saved = save(recording(frame()), tmp_path / "saved" / "one")
    head = json.loads((saved / "recording.json").read_text())
    (saved / "recording.json").write_text(json.dumps({**head, "schema": 99}))
    done = run("conformance/", "--recordings", saved.parent, report=report)
    (sentence,) = lines(done, "ERROR: ")
    assert done.returncode == 4
    assert sentence == (f"ERROR: --recordings {saved.parent}: the recording {saved} has schema 99, "
                        "and this version reads schema 2; play it again with this version")


def test_a_full_disk(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    system.mount("tmpfs", str(disk), "tmpfs", 0, "size=4k")
    done = run(*ALONE, "-p", "tests.conformance.unsound.guests", "--guest", "ends-at-once", report=disk / "out")
    (sentence,) = lines(done, "the disk is full")
    assert done.returncode == 3
    assert "cannot be saved in " in sentence
    assert sentence.rstrip(" !").endswith("free some space there, or name another place with --report-dir")
    assert list(disk.iterdir()) == []


def test_ctrl_c_while_playing(report: Path) -> None:
    child = pexpect.spawn(PYTEST[0], [*PYTEST[1:], *ALONE, "--report-dir", str(report)], env=outside(), cwd=PROJECT,
                          encoding="utf-8", timeout=60)
    child.expect(r"playing \d+ of \d+, \d+ s(, about \d+ s more)?, longest still")
    child.sendintr()
    child.expect_exact("KeyboardInterrupt")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 2
    assert_nothing_is_left(report)
