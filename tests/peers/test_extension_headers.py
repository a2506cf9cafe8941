"""Packets with extension headers: each is whole, says what its name says, and carries what its destination expects."""

from __future__ import annotations

import pytest

from fixtures.peers import wire
from fixtures.peers.extension_headers import HALF, HOP_BY_HOP_PARCELS, PARCELS, UNKNOWN, Parcel, parcel_frame
from fixtures.protocols.icmp import ECHO_REPLY
from fixtures.protocols.ip import ICMPV6
from fixtures.recording.views.headers import Headers, checksum, headers
from topologies.stage import addressing as plan

EVERY = (*PARCELS, *HOP_BY_HOP_PARCELS)


def build(parcel: Parcel) -> Headers:
    frame = parcel_frame(parcel, source=plan.LAN_CLIENT, to=plan.OUTSIDE, mac="02:00:00:00:00:01",
                         to_mac="02:00:00:00:00:02")
    found = headers(wire.as_bytes(frame))
    assert found is not None
    return found


@pytest.mark.parametrize("parcel", EVERY, ids=lambda parcel: parcel.name)
def test_headers_are_whole(parcel: Parcel) -> None:
    found = build(parcel)
    assert found.malformed is None
    assert (found.source, found.destination, found.hop_limit) == (plan.LAN_CLIENT, plan.OUTSIDE, 64)
    assert found.payload or parcel.headers


@pytest.mark.parametrize("parcel", [each for each in EVERY if each.protocol is None and each.end is None
                                    and not each.begin], ids=lambda parcel: parcel.name)
def test_the_echo_reply_is_right(parcel: Parcel) -> None:
    found = build(parcel)
    assert (found.protocol, found.payload[0], checksum(found)) == (ICMPV6, ECHO_REPLY, 0)


def test_two_fragments_make_the_whole() -> None:
    parts = {parcel.name: build(parcel) for parcel in PARCELS}
    first, last = parts["first-fragment"], parts["last-fragment"]
    assert (first.fragment, last.fragment) == ((0, True), (HALF, False))
    assert first.payload + last.payload == parts["plain"].payload


def test_an_unknown_protocol_is_unknown() -> None:
    assert {parcel.name: build(parcel).protocol for parcel in PARCELS}["protocol-unknown"] == UNKNOWN


def test_no_two_have_the_same_name() -> None:
    assert len({parcel.name for parcel in EVERY}) == len(EVERY)
