"""Captures of every origin: judged as the plain one is, or refused with one sentence that says where and what to do."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.judging.verdict import Outcome
from conformance.wire.sample import pcap
from fixtures.captures.parties import judgeable
from fixtures.captures.reader import CaptureError
from tests.captures.disguises import (
    BARE,
    WHOLE,
    as_pcap,
    as_pcapng,
    bare,
    block,
    interface,
    nflog,
    packet,
    packets,
    plain,
    rewritten,
    section,
    unsorted_packets,
)
from tests.captures.judged import CHECKS, failures, judgements, outcomes


@pytest.fixture
def keep_file(tmp_path: Path) -> Callable[[bytes], Path]:
    def keep(data: bytes) -> Path:
        path = tmp_path / "office.pcapng"
        path.write_bytes(data)
        return path

    return keep


@pytest.mark.parametrize("guise", WHOLE)
def test_every_origin_is_judged_alike(guise: str, keep_file: Callable[[bytes], Path]) -> None:
    told = judgements(keep_file(WHOLE[guise]()))
    healthy = judgements(keep_file(pcap()))
    assert {key: each.outcome for key, each in told.items()} == {key: each.outcome for key, each in healthy.items()}
    assert {check for (_, _, check), each in told.items() if each.outcome is Outcome.PASS} == {
        check.name for check in CHECKS}


def test_files_that_were_merged_unsorted_decide_nothing_about_time(keep_file: Callable[[bytes], Path]) -> None:
    told = judgements(keep_file(unsorted_packets()))
    healthy = judgements(keep_file(pcap()))
    changed = {key[2] for key, each in told.items() if each.outcome is not healthy[key].outcome}
    assert {each.outcome for key, each in told.items() if key[2] in changed} == {Outcome.INCONCLUSIVE}
    assert {"test_wire_advertisements_are_spaced", "test_wire_solicits_back_off", "test_wire_probes"} <= changed


def test_what_netfilter_logged_is_judged(keep_file: Callable[[bytes], Path]) -> None:
    found = judgements(keep_file(nflog()))
    assert {("router", "02:00:00:00:00:01"), ("guest", "02:00:00:00:00:05")} <= {key[:2] for key in found}
    assert not failures(keep_file(nflog()))


def test_packets_without_stamps_are_judged_but_for_time(keep_file: Callable[[bytes], Path]) -> None:
    blocks = b"".join(block("<", 3, struct.pack("<I", len(each.data)) + each.data) for each in packets())
    found = judgements(keep_file(section() + interface() + blocks))
    outcomes = {key[2]: each.outcome for key, each in found.items()}
    assert outcomes["test_wire_advertisements_are_valid"] is Outcome.PASS
    assert outcomes["test_wire_advertisements_are_spaced"] is Outcome.INCONCLUSIVE
    assert Outcome.FAIL not in outcomes.values()


@pytest.mark.parametrize(("around", "told"), [
    (lambda data: data[:12] + b"\x88\x47\0\0\x11\x40" + data[14:], "in MPLS"),
    (lambda data: data[:12] + b"\x08\0\x45\0" + bytes(5) + b"\0\x40\x2f" + bytes(10) + data, "in GRE"),
    (lambda data: data[:12] + b"\x08\0\x45\0" + bytes(5) + b"\0\x40\x29" + bytes(10) + data[14:], "in IPv6 in IP"),
])
def test_what_is_not_looked_into_is_counted(around: Callable[[bytes], bytes], told: str,
                                            keep_file: Callable[[bytes], Path]) -> None:
    data = as_pcap([(each.ns, around(each.data) if each.number % 2 else each.data) for each in packets()])
    many = (len(packets()) + 1) // 2
    assert judgeable(keep_file(data)).notes == [f"{many} packets are not looked into: {many} {told}"]


@pytest.mark.parametrize("guise", BARE)
def test_links_without_addresses_are_judged_by_ip_address(guise: str, keep_file: Callable[[bytes], Path]) -> None:
    path = keep_file(bare(guise))
    assert not failures(path)
    parties = {(party.role, party.name) for party in judgeable(path).parties}
    assert {("router", "fe80::1"), ("guest", "fe80::5"), ("dhcpv6-server", "fe80::1")} <= parties
    assert Outcome.PASS in outcomes(path)["test_wire_solicits"]


def test_evidence_has_the_frame_numbers_of_the_file(keep_file: Callable[[bytes], Path]) -> None:
    found = judgements(keep_file(WHOLE["several-interfaces"]()))
    solicit = found["guest", "02:00:00:00:00:05", "test_wire_solicits"]
    first = next(each.number for each in packets() if each.data[54:62].hex().startswith("02220223"))
    assert solicit.evidence[0].frame == first + 1  # the other interface's packet comes first


def test_each_vlan_is_a_link_of_its_own(keep_file: Callable[[bytes], Path]) -> None:
    def tag(vlan: int) -> Callable[[bytes], bytes]:
        return lambda data: data[:12] + b"\x81\x00" + vlan.to_bytes(2, "big") + data[12:6] + data[12:]

    both = [*rewritten(tag(20)), *((ns, data.replace(b"\x00\x05", b"\x00\x06")) for ns, data in rewritten(tag(21)))]
    links = {party.link for party in judgeable(keep_file(as_pcap(both))).parties}
    assert links == {"VLAN 20", "VLAN 21", "VLAN 20, relayed by fe80::3"}


def test_what_the_snaplen_cut_is_left_out(keep_file: Callable[[bytes], Path]) -> None:
    path = keep_file(as_pcap(rewritten(plain), snaplen=100))
    found = judgeable(path)
    assert "are not whole (the capture's snaplen)" in " ".join(found.notes)
    assert not failures(path)


@pytest.mark.parametrize("written", [lambda: as_pcap(rewritten(plain)), lambda: as_pcapng(rewritten(plain))])
def test_a_file_that_breaks_off_is_judged_up_to_there(written: Callable[[], bytes],
                                                      keep_file: Callable[[bytes], Path]) -> None:
    data = written()
    path = keep_file(data[:len(data) // 2 + 3])
    note = judgeable(path).notes[0]
    assert note.startswith("office.pcapng breaks off after ")
    assert "bytes" in note
    assert not failures(path)


REFUSED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "the file is empty"),
    "text": (b"No.  Time  Source\n", "it begins with the bytes 4e 6f 2e 20, as no pcapng or pcap does; save it"),
    "snoop": (b"snoop\0\0\0" + bytes(40), "it is a snoop file; save it as pcapng"),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(40), "it is compressed with zstd; save it as pcapng"),
    "header-only-half": (pcap()[:20], "not one packet can be read"),
    "half-a-packet": (pcap()[:60], "not one packet can be read"),
    "broken-gzip": (b"\x1f\x8b" + bytes(30), "its gzip data is damaged"),
    "usb": (as_pcap(rewritten(plain), link_type=189), "link type 189 (USB), which cannot be judged;"
            " choose a network interface"),
    "unknown-link": (as_pcap(rewritten(plain), link_type=147), "link type 147 (unknown here)"),
    "unknown-interface": (section() + packet(0, bytes(60)), "names interface 0, which is not described"),
    "absurd-length": (pcap()[:24] + b"\xff" * 16, "claims 4294967295 bytes"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_judged_is_refused_with_a_sentence(name: str, keep_file: Callable[[bytes], Path]) -> None:
    data, sentence = REFUSED[name]
    with pytest.raises(CaptureError) as refused:
        judgeable(keep_file(data))
    assert sentence in str(refused.value)
    assert "office.pcapng" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_directory_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="this is a directory"):
        judgeable(tmp_path)
    with pytest.raises(CaptureError, match="cannot be read: No such file"):
        judgeable(tmp_path / "gone.pcap")


def test_damage_is_never_a_crash_nor_a_false_accusation_of_the_suite(keep_file: Callable[[bytes], Path]) -> None:
    """Bytes are turned, cut out and put in at random; what is still a capture is judged without an error."""
    chance = random.Random(7)
    originals = [WHOLE[name]() for name in ("pcap-us", "pcapng-us", "QinQ", "SLL2", "several-interfaces", "vxlan",
                                            "radiotap-padded", "pppoe")]
    for turn in range(60):
        data = bytearray(originals[turn % len(originals)])
        for _ in range(chance.randrange(1, 30)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if turn % 3 == 0:
            del data[chance.randrange(len(data)):]
        if turn % 4 == 0:
            at = chance.randrange(len(data) + 1)
            data[at:at] = chance.randbytes(chance.randrange(1, 40))
        try:
            found = judgements(keep_file(bytes(data)))
        except CaptureError:
            continue
        broken = {key: each.reason for key, each in found.items() if each.outcome is Outcome.ERROR}
        assert not broken, (turn, broken)
