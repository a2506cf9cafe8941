"""Edits change what they are asked to change, and nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.storage import PACKETS, load, save
from fixtures.recording.views import dhcpv6, ndp
from tests.recording import crafted


def test_rewriting_without_a_change_keeps_every_byte(boot: Recording) -> None:
    """Dissecting and building again is exact, for all that real programs sent."""
    assert editing.rewritten(boot, lambda frame: True, lambda packet: packet) == boot


def test_a_rewritten_flag_has_a_right_checksum(boot: Recording, tmp_path: Path) -> None:
    """M cleared in every RA: Scapy's and Wireshark's checksums are content, the rest of the recording is the same."""
    def clear(packet: Any) -> None:
        packet["ICMPv6 Neighbor Discovery - Router Advertisement"].M = 0

    ras = ndp.router_advertisements(boot.frames)
    edited = editing.rewritten(boot, ras, clear)
    changed = ndp.router_advertisements(edited.frames)
    assert ras and all(ra.managed for ra in ras) and not any(ra.managed for ra in changed)
    assert all(ra.checksum_ok and ra.malformed is None for ra in changed)
    numbers = {ra.frame.number for ra in ras}
    assert [f for f in edited.frames if f.number not in numbers] == [f for f in boot.frames if f.number not in numbers]
    capture = save(edited, tmp_path / "edited") / PACKETS
    argv = ["tshark", "-r", str(capture), "-Y", "icmpv6.checksum.status != 1"]
    assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout == ""


def test_lengths_follow_what_is_inside(boot: Recording) -> None:
    """An address taken out of an IA_NA: option, UDP and IPv6 lengths fit."""
    def empty(packet: Any) -> None:
        packet["DHCP6 Identity Association for Non-temporary Addresses Option"].ianaopts = []

    replies = [reply for reply in dhcpv6.messages(boot.frames, "Reply") if reply.addresses]
    edited = editing.rewritten(boot, replies, empty)
    numbers = {reply.frame.number for reply in replies}
    changed = [reply for reply in dhcpv6.messages(edited.frames, "Reply") if reply.frame.number in numbers]
    assert replies and len(changed) == len(replies)
    for reply in changed:
        assert reply.malformed is None and reply.checksum_ok and reply.ia_na and not reply.addresses


def test_a_wrong_checksum_stays_wrong(boot: Recording) -> None:
    """What the change sets itself is not computed anew."""
    def spoil(packet: Any) -> None:
        layer = packet["ICMPv6 Neighbor Discovery - Router Advertisement"]
        layer.cksum ^= 1

    first = ndp.router_advertisements(boot.frames)[0]
    edited = editing.rewritten(boot, first, spoil)
    assert not ndp.router_advertisements(edited.frames)[0].checksum_ok


def test_frames_go_and_the_others_are_numbered_anew(boot: Recording) -> None:
    """The same packet at both ends of the link can be found and taken out."""
    first = ndp.router_advertisements(boot.frames)[0]
    both = editing.same_packet(boot, first)
    assert {frame.node for frame in both} == {"guest", "router"}
    edited = editing.without(boot, frames=both, others=[*boot.marks, *boot.snapshots], events=lambda event: True)
    assert len(edited.frames) == len(boot.frames) - len(both)
    assert [frame.number for frame in edited.frames] == list(range(1, len(edited.frames) + 1))
    assert not edited.marks and not edited.snapshots and not edited.events and edited.outputs == boot.outputs


def test_frames_and_events_move_in_time(boot: Recording) -> None:
    """What is moved takes its place among the others."""
    frame, event = boot.frames[0], boot.events[0]
    edited = editing.shifted(boot, 1000.0, frames=frame, events=event)
    assert (edited.frames[-1].data, edited.frames[-1].ns) == (frame.data, frame.ns + 10 ** 12)
    assert edited.frames[-1].number == len(boot.frames) and edited.frames[0].data == boot.frames[1].data
    assert edited.events[-1].ns - event.ns == edited.events[-1].after_ns - event.after_ns == 10 ** 12
    assert edited.duration_ns == edited.frames[-1].ns or edited.duration_ns == edited.events[-1].ns


def test_a_frame_is_put_in(boot: Recording, tmp_path: Path) -> None:
    """A second router speaks up, and the edited recording is one like any other."""
    edited = editing.with_frame(boot, crafted.router_advertisements()[0], time=boot.frames[4].time, node="guest",
                                interface="eth0")
    assert len(edited.frames) == len(boot.frames) + 1 and edited.frames[5].data[6:12].hex(":") == crafted.MAC
    assert load(save(edited, tmp_path / "edited")) == edited


def test_events_get_other_fields(boot: Recording) -> None:
    """And only those that are chosen."""
    event = next(event for event in boot.events if event.kind == "address")
    edited = editing.rewritten_events(boot, event, flags=["dadfailed"])
    changed = [new for old, new in zip(boot.events, edited.events, strict=True) if old != new]
    assert changed and all(new.fields["flags"] == ["dadfailed"] for new in changed)
