"""Wireshark's own tools: what they write is read, what they read is what we read, frame by frame."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from conformance.wire.sample import pcap
from fixtures.captures.parties import Judgeable, judgeable
from fixtures.recording.model import Frame
from fixtures.recording.views import dhcpv6, mld, ndp
from tests.captures.disguises import WHOLE
from tests.captures.judged import failures, judgements
from tests.recording.fields import DHCPV6, MLD2, NA, NS, RA, REDIRECT, Reader, normal, tshark_fields

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("tshark", "editcap", "mergecap"))), reason="tshark and editcap are not installed")


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "sample.pcap"
    path.write_bytes(pcap())
    return path


def run(*argv: object) -> None:
    subprocess.run([str(each) for each in argv], check=True, capture_output=True)


@pytest.mark.parametrize("form", ["pcapng", "pcap", "nsecpcap"])
def test_what_editcap_writes_is_judged_alike(form: str, sample: Path, tmp_path: Path) -> None:
    run("editcap", "-F", form, sample, tmp_path / "written")
    assert {key: each.outcome for key, each in judgements(tmp_path / "written").items()} == {
        key: each.outcome for key, each in judgements(sample).items()}


def test_what_tshark_writes_is_judged(sample: Path, tmp_path: Path) -> None:
    run("tshark", "-r", sample, "-Y", "dhcpv6", "-w", tmp_path / "dhcpv6.pcapng.gz", "-F", "pcapng")
    assert not failures(tmp_path / "dhcpv6.pcapng.gz")
    assert {party.role for party in judgeable(tmp_path / "dhcpv6.pcapng.gz").parties} == {
        "guest", "dhcpv6-server", "relay"}


def test_what_mergecap_joins_from_two_places_is_judged_alike(sample: Path, tmp_path: Path) -> None:
    run("editcap", "-t", "0.0003", sample, tmp_path / "other.pcapng")
    run("mergecap", "-I", "none", "-w", tmp_path / "both.pcapng", sample, tmp_path / "other.pcapng")
    assert {(key[0], key[2], each.outcome) for key, each in judgements(tmp_path / "both.pcapng").items()} == {
        (key[0], key[2], each.outcome) for key, each in judgements(sample).items()}


VIEWS: list[tuple[str, Any, dict[str, Reader]]] = [
    ("icmpv6.type == 134", ndp.router_advertisements, RA), ("icmpv6.type == 135", ndp.neighbor_solicitations, NS),
    ("icmpv6.type == 136", ndp.neighbor_advertisements, NA), ("icmpv6.type == 137", ndp.redirects, REDIRECT),
    ("icmpv6.type == 143", mld.reports, MLD2), ("dhcpv6", dhcpv6.messages, DHCPV6),
]
#: What frames of this file have not, or tshark's names differ in: our node's name, and a cooked frame's receiver.
NOT_THERE = {"frame.interface_name", "eth.src", "eth.dst"}


@pytest.mark.parametrize("guise", ["pcapng-ns-big-endian", "QinQ", "SLL2"])
@pytest.mark.parametrize(("display_filter", "view", "readers"), VIEWS, ids=[each[0] for each in VIEWS])
def test_tshark_reads_the_same(guise: str, display_filter: str, view: Any, readers: dict[str, Reader],
                               tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(WHOLE[guise]())
    wanted = {name: reader for name, reader in readers.items() if name not in NOT_THERE}
    ours = [{name: [normal(str(value)) for value in reader(each)] for name, reader in wanted.items()}
            for each in view(frames(judgeable(path)))]
    assert ours
    assert ours == tshark_fields(path, display_filter, wanted)


def frames(found: Judgeable) -> list[Frame]:
    """All that was kept, as frames in the order of the file."""
    return sorted((Frame(number, ns, "link", "eth0", False, data) for number, ns, _, data in found.frames()),
                  key=lambda frame: frame.number)
