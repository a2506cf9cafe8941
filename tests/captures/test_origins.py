"""Captures of every origin: judged as the plain one is, or refused with one sentence that says where and what to do."""

from __future__ import annotations

import random
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
    packet,
    packets,
    plain,
    rewritten,
    section,
)
from tests.captures.judged import CHECKS, failures, judged, outcomes


@pytest.fixture
def kept(tmp_path: Path) -> Callable[[bytes], Path]:
    def keep(data: bytes) -> Path:
        path = tmp_path / "office.pcapng"
        path.write_bytes(data)
        return path

    return keep


@pytest.mark.parametrize("guise", WHOLE)
def test_every_origin_is_judged_alike(guise: str, kept: Callable[[bytes], Path]) -> None:
    told = judged(kept(WHOLE[guise]()))
    healthy = judged(kept(pcap()))
    assert {key: each.outcome for key, each in told.items()} == {key: each.outcome for key, each in healthy.items()}
    assert {check for (_, _, check), each in told.items() if each.outcome is Outcome.PASS} == {
        check.name for check in CHECKS}


@pytest.mark.parametrize("guise", BARE)
def test_links_without_addresses_are_judged_by_ip_address(guise: str, kept: Callable[[bytes], Path]) -> None:
    path = kept(bare(guise))
    assert not failures(path)
    parties = {(party.role, party.name) for party in judgeable(path).parties}
    assert {("router", "fe80::1"), ("guest", "fe80::5"), ("dhcpv6-server", "fe80::1")} <= parties
    assert Outcome.PASS in outcomes(path)["test_wire_solicits"]


def test_evidence_has_the_frame_numbers_of_the_file(kept: Callable[[bytes], Path]) -> None:
    found = judged(kept(WHOLE["several-interfaces"]()))
    solicit = found["guest", "02:00:00:00:00:05", "test_wire_solicits"]
    first = next(each.number for each in packets() if each.data[54:62].hex().startswith("02220223"))
    assert solicit.evidence[0].frame == first + 1  # the other interface's packet comes first


def test_each_vlan_is_a_link_of_its_own(kept: Callable[[bytes], Path]) -> None:
    def tag(vlan: int) -> Callable[[bytes], bytes]:
        return lambda data: data[:12] + b"\x81\x00" + vlan.to_bytes(2, "big") + data[12:6] + data[12:]

    both = [*rewritten(tag(20)), *((ns, data.replace(b"\x00\x05", b"\x00\x06")) for ns, data in rewritten(tag(21)))]
    links = {party.link for party in judgeable(kept(as_pcap(both))).parties}
    assert links == {"VLAN 20", "VLAN 21"}


def test_what_the_snaplen_cut_is_left_out(kept: Callable[[bytes], Path]) -> None:
    path = kept(as_pcap(rewritten(plain), snaplen=100))
    found = judgeable(path)
    assert "are not whole (the capture's snaplen)" in " ".join(found.notes)
    assert not failures(path)


@pytest.mark.parametrize("written", [lambda: as_pcap(rewritten(plain)), lambda: as_pcapng(rewritten(plain))])
def test_a_file_that_breaks_off_is_judged_up_to_there(written: Callable[[], bytes],
                                                      kept: Callable[[bytes], Path]) -> None:
    data = written()
    path = kept(data[:len(data) // 2 + 3])
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
    "802.11": (as_pcap(rewritten(plain), link_type=127), "link type 127 (802.11, radiotap), which cannot be judged;"
               " capture on the interface itself without monitor mode"),
    "unknown-link": (as_pcap(rewritten(plain), link_type=147), "link type 147 (unknown here)"),
    "no-times": (section() + interface() + block("<", 3, bytes(4) + bytes(60)), "has no time"),
    "unknown-interface": (section() + packet(0, bytes(60)), "names interface 0, which is not described"),
    "absurd-length": (pcap()[:24] + b"\xff" * 16, "claims 4294967295 bytes"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_judged_is_refused_with_a_sentence(name: str, kept: Callable[[bytes], Path]) -> None:
    data, sentence = REFUSED[name]
    with pytest.raises(CaptureError) as refused:
        judgeable(kept(data))
    assert sentence in str(refused.value)
    assert "office.pcapng" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_directory_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="this is a directory"):
        judgeable(tmp_path)
    with pytest.raises(CaptureError, match="cannot be read: No such file"):
        judgeable(tmp_path / "gone.pcap")


def test_damage_is_never_a_crash_nor_a_false_accusation_of_the_suite(kept: Callable[[bytes], Path]) -> None:
    """Bytes are turned, cut out and put in at random; what is still a capture is judged without an error."""
    chance = random.Random(7)
    originals = [WHOLE[name]() for name in ("pcap-us", "pcapng-us", "QinQ", "SLL2", "several-interfaces")]
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
            found = judged(kept(bytes(data)))
        except CaptureError:
            continue
        broken = {key: each.reason for key, each in found.items() if each.outcome is Outcome.ERROR}
        assert not broken, (turn, broken)
