"""Views never fail on what a frame contains, and say what is wrong with it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from scapy.layers.inet6 import ICMPv6ND_RA, ICMPv6NDOptMTU

from fixtures.recording.model import Frame, Recording
from fixtures.recording.views import dhcpv6, dns, mld, ndp, transport
from fixtures.recording.views.frames import decode
from fixtures.recording.views.headers import headers
from tests.recording import crafted

ALL: list[Callable[[Iterable[Frame]], list[Any]]] = [
    ndp.router_solicitations, ndp.router_advertisements, ndp.neighbor_solicitations, ndp.neighbor_advertisements,
    ndp.redirects, mld.reports, mld.queries, transport.tcp_segments, transport.udp_datagrams, transport.echoes,
    transport.icmp_errors, dns.messages, dhcpv6.messages]


def frame(data: bytes) -> Frame:
    """A frame with these bytes."""
    return Frame(1, 0, "guest", "eth0", False, data)


def all_views(data: bytes) -> list[Any]:
    """Every view of these bytes; each of them, and the frame, has a text."""
    assert str(decode(frame(data)))
    return [view for decode in ALL for view in decode([frame(data)])]


def samples(boot: Recording) -> list[bytes]:
    """Different messages: the boot's and the crafted ones."""
    made = [*crafted.router_advertisements(), *crafted.redirects(), *crafted.neighbor_advertisements(),
            *crafted.reports(), *crafted.dhcpv6_messages()]
    return [*{bytes(packet) for packet in made}, *{each.data for each in boot.at("guest")}]


def test_a_cut_frame_is_malformed_or_not_that_message(boot: Recording) -> None:
    """At every length of every message, nothing raises, and nothing cut passes for whole."""
    for data in samples(boot):
        for length in range(len(data)):
            for view in all_views(data[:length]):
                assert view.malformed, view


def test_noise_never_raises(boot: Recording) -> None:
    """Messages with a few bytes changed at random, and pure noise behind the headers."""
    dice = random.Random(7)
    for data in samples(boot):
        for _ in range(40):
            noisy = bytearray(data)
            for _ in range(dice.randrange(1, 6)):
                noisy[dice.randrange(12, len(noisy))] = dice.randrange(256)
            for view in all_views(bytes(noisy)):
                assert isinstance(view.checksum_ok, bool)
        all_views(data[:62] + dice.randbytes(len(data)))


@pytest.mark.parametrize(("options", "reason"), [
    (b"\x03\x00", "length 0"), (b"\x03\x04\x40", "runs past"), (b"\x01", "breaks off"),
    (b"\x05\x02" + bytes(14), "has length 2"), (b"\x19\x02" + bytes(14), "has length 2"),
])
def test_a_bad_nd_option_is_named(options: bytes, reason: str) -> None:
    """The others are read nevertheless."""
    good = bytes(crafted.ip() / ICMPv6ND_RA(M=1) / ICMPv6NDOptMTU(mtu=1400))
    data = good[:18] + (len(good) - 54 + len(options)).to_bytes(2, "big") + good[20:] + options
    (view,) = ndp.router_advertisements([frame(data)])
    assert reason in str(view.malformed) and view.managed and view.mtu == 1400 and not view.checksum_ok


def test_vlans_and_ipv4_are_seen_through() -> None:
    """A tagged frame is decoded like an untagged one; IPv4 has headers, too."""
    plain = bytes(crafted.redirects()[0])
    (view,) = ndp.redirects([frame(plain[:12] + b"\x81\x00\x00\x64" + plain[12:])])
    assert view.headers.vlans == (100,) and view.malformed is None and view.checksum_ok
    ipv4 = bytes.fromhex("020000000002020000000001 0800 4500001c0001000040110000 c0000201 c0000202 d903003500080000")
    found = headers(ipv4)
    assert found is not None and str(found.source) == "192.0.2.1" and found.protocol == 17


def test_an_unknown_message_name_is_refused() -> None:
    """A check that asks for a misspelt message would see silence."""
    with pytest.raises(ValueError, match="SOLICITT is no DHCPv6 message"):
        dhcpv6.messages([], "SOLICITT")
