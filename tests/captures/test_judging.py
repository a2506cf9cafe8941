"""`--pcap` from the user's side: a run on a capture, its summary, report and exit status; the guide's example."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import captures
from benchmarks.captures import write_capture
from conformance.catalogue.requirements import catalogue
from conformance.plugin.capturing import in_ranges
from conformance.wire.sample import pcap
from fixtures.captures.parties import MOST, judgeable
from fixtures.recording.views import ndp
from fixtures.recording.views.headers import headers
from tests.captures.cases import advertisement, capture, solicit
from tests.captures.disguises import as_pcap, packets, plain, rewritten
from tests.captures.judged import CHECKS, failures, judgements

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "bring-your-own.md"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Judges captures in a process of its own; with paths as they stand on the command line."""

    def run(*arguments: str, at: Path = ROOT, room: str = "conformance/wire") -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT),
                str(ROOT / room), "-p", "no:cacheprovider", "--report-dir", str(tmp_path / "out"), *arguments]
        return subprocess.run(argv, cwd=at, capture_output=True, text=True, timeout=120)

    return run


def test_the_guide_s_example_is_what_comes_out(run: Run, tmp_path: Path) -> None:
    section = GUIDE.read_text(encoding="utf-8").partition("## A capture")[2]
    command = next(line.strip() for line in section.splitlines() if line.startswith("    script/conformance"))
    done = run("--pcap", command.partition("--pcap ")[2], room="conformance")
    assert done.returncode == 1, done.stdout + done.stderr
    told = [line for block in re.findall(r"```\n(.*?)```", section, re.DOTALL) for line in block.splitlines()]
    assert len(told) > 4
    for line in told:
        assert line in done.stdout
    document = json.loads((tmp_path / "out" / "compliance.json").read_text())
    verdicts = [each for each in document["verdicts"] if each["recording"]]
    assert {each["recording"] for each in verdicts} == {"office.pcapng"}
    assert (tmp_path / "out" / "recordings" / "office.pcapng").read_bytes() == (
        ROOT / "docs" / "examples" / "office.pcapng").read_bytes()
    failed = next(each for each in verdicts if (each["verdict"], each["requirement"]) == ("fail", "DHCP6-01"))
    assert failed["evidence"][-1]["frame"] == 9
    assert failed["reproduce"].endswith("--pcap docs/examples/office.pcapng")
    not_run = {each["requirement"]: each["reason"] for each in document["verdicts"] if each["verdict"] == "not-run"}
    assert "needs a play" in not_run["RA-07"]


def test_the_guide_lists_what_is_judged() -> None:
    table = re.findall(r"^\| ([A-Z0-9-]+(?:, [A-Z0-9-]+)*) \|", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    listed = {id for row in table for id in row.split(", ")}
    assert listed == {catalogue().requirement(check.requirement).id for check in CHECKS}
    assert len(listed) >= 15


def test_a_healthy_conversation_is_green_from_any_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.pcap").write_bytes(pcap())
    (tmp_path / "half.pcap").write_bytes(pcap()[:2001])
    done = run("--pcap", "own.pcap", "--pcap", "half.pcap", at=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "half.pcap breaks off after" in done.stdout
    assert "error 0" in done.stdout


def test_what_is_no_capture_is_bad_input(run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a capture")
    for arguments, sentence in (
        (["--pcap", "notes.txt"], "it begins with the bytes 6e 6f 74 20, as no pcapng or pcap does"),
        (["--pcap", "notes.txt", "--recordings", "."], "--recordings and --pcap cannot be judged in one"),
    ):
        done = run(*arguments, at=tmp_path)
        assert done.returncode == 4
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr


def test_a_capture_without_ipv6_is_not_green(run: Run, tmp_path: Path) -> None:
    (tmp_path / "arp.pcap").write_bytes(as_pcap([(10**9, b"\xff" * 6 + bytes(6) + b"\x08\x06" + bytes(46))]))
    done = run("--pcap", "arp.pcap", at=tmp_path)
    assert done.returncode == 5
    assert "nobody speaks Neighbor Discovery or DHCPv6 in it" in done.stdout


def through_a_router(data: bytes) -> bytes:
    """RAs with hop limit 254."""
    return data[:21] + b"\xfe" + data[22:] if data[20:21] + data[54:55] == b"\x3a\x86" else data


def to_one_server(data: bytes) -> bytes:
    """Solicits to the router's own address."""
    router = bytes.fromhex("fe800000000000000000000000000001")
    return data[:38] + router + data[54:] if data[20:21] + data[62:63] == b"\x11\x01" else data


@pytest.mark.parametrize(("change", "check", "because"), [
    (through_a_router, "test_wire_advertisements_are_valid", "hop limit 254"),
    (to_one_server, "test_wire_solicits", "goes to fe80::1"),
])
def test_an_edited_capture_fails(change: Callable[[bytes], bytes], check: str, because: str, tmp_path: Path) -> None:
    path = tmp_path / "edited.pcap"
    path.write_bytes(as_pcap(rewritten(change)))
    assert because in failures(path)[check]


def test_a_lost_solicit_is_no_violation(tmp_path: Path) -> None:
    """Whichever one or two of the client's Solicits the capture lost, what is left still backs off."""
    sent = [each.number for each in packets() if each.data[20] == 17 and each.data[62] == 1]
    path = tmp_path / "lossy.pcap"
    for one in sent:
        for two in sent:
            path.write_bytes(as_pcap((each.ns, each.data) for each in packets() if each.number not in (one, two)))
            assert "test_wire_solicits_back_off" not in failures(path)


def test_a_crowd_is_bounded(tmp_path: Path) -> None:
    crowd = sorted((ns, data[:10] + bytes([0xAB, number]) + data[12:]) for number in range(MOST + 9)
                   for ns, data in rewritten(plain)[:6] if data[6:12] == b"\x02\0\0\0\0\x05")
    path = tmp_path / "crowd.pcap"
    path.write_bytes(as_pcap(crowd))
    found = judgeable(path)
    assert len(found.parties) == MOST
    assert found.notes == [f"{MOST + 9} parties behave as guest; the {MOST} that say most are judged"]


def test_a_crowd_that_all_does_the_same_is_one_line(run: Run, tmp_path: Path) -> None:
    crowd = [(10**18 + number * 10**8, bytes(advertisement())) for number in range(MOST)]
    forged = [(ns, data[:6] + b"\x02\xbb\0\0\0" + bytes([at]) + data[12:]) for at, (ns, data) in enumerate(crowd)]
    (tmp_path / "forged ones.pcap").write_bytes(as_pcap(forged))
    done = run("--pcap", "forged ones.pcap", at=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    line, = [line for line in done.stdout.splitlines() if "warn RA-25" in line]
    assert line.startswith("forged ones.pcap, captured on 9 September 2001: router 02:bb:00:00:00:00 and 63 more: ")


def test_what_it_says_to_do_again_works_when_pasted(run: Run, tmp_path: Path) -> None:
    (tmp_path / "office of 2010.pcap").write_bytes(capture([(0.0, solicit(0, (23,)))]))
    done = run("--pcap", "office of 2010.pcap", at=tmp_path)
    assert done.returncode == 1
    again = next(line for line in done.stdout.splitlines() if line.startswith("again: "))
    words = shlex.split(again.partition("script/conformance")[2])
    done = run(*words, at=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 requirements, 1 verdicts" in done.stdout
    assert "captured on 15 June 2025" in done.stdout


@pytest.mark.parametrize("kind", ["same", "stations", "addresses", "routers"])
def test_work_grows_as_the_frames_do(kind: str, tmp_path: Path) -> None:
    """Calls of functions are counted, which no load of the machine changes."""
    work = []
    for many in (1000, 2000):
        path = tmp_path / f"{kind}-{many}.pcap"
        write_capture(getattr(captures, kind), many, path)
        work.append(_calls(lambda path=path: judgements(path)))  # type: ignore[misc]
    assert work[1] <= 2.6 * work[0], work


def _calls(act: Callable[[], object]) -> int:
    for cache in (headers, *(each for each in vars(ndp).values() if hasattr(each, "cache_clear"))):
        cache.cache_clear()
    count = 0

    def on_call(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(on_call)
    try:
        act()
    finally:
        sys.setprofile(None)
    return count


def test_many_requirements_are_told_in_ranges() -> None:
    ids = ["RA-02", "RA-01", "ACL-09", "ACL-10", "ACL-11", "ACL-12", "DHCP6-09", "RA-02", "RA-04"]
    assert in_ranges(ids) == "ACL-09 to -12, DHCP6-09, RA-01, RA-02, RA-04"
