"""What the cable does to frames, and what it understands of them."""

from __future__ import annotations

from dataclasses import replace

from scapy.layers.inet import UDP
from scapy.layers.inet6 import ICMPv6ND_RA, ICMPv6ND_RS, ICMPv6NDOptPrefixInfo, IPv6
from scapy.layers.l2 import Ether

from fixtures.scenarios.common.networks import Mode, network
from fixtures.uplink.cable import HEAD, NEEDS_CHECKSUM, completed, network_advertised, solicitation
from fixtures.uplink.uplink import difference, uplink

MAC = "02:00:00:00:00:01"


def test_a_checksum_that_was_left_to_the_card_is_completed() -> None:
    right = bytes(Ether(src=MAC) / IPv6(src="fe80::1", dst="fe80::2") / UDP(sport=546, dport=547) / b"odd")
    pseudo = int.from_bytes(bytes(IPv6(src="fe80::1", dst="fe80::2"))[8:40], "big")
    total = sum(pseudo >> 16 * word & 0xFFFF for word in range(16)) + len(right) - 54 + 17
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    partial = right[:60] + total.to_bytes(2, "big") + right[62:]
    assert completed(HEAD.pack(NEEDS_CHECKSUM, 0, 0, 0, 54, 6) + partial) == right
    assert completed(HEAD.pack(0, 0, 0, 0, 0, 0) + right) == right


def test_its_solicitation_is_one() -> None:
    frame = Ether(solicitation(bytes.fromhex(MAC.replace(":", ""))))
    assert frame.src == MAC and frame.dst == "33:33:00:00:00:02" and frame[IPv6].hlim == 255
    said = frame[ICMPv6ND_RS].cksum
    del frame[ICMPv6ND_RS].cksum
    assert Ether(bytes(frame))[ICMPv6ND_RS].cksum == said


def ra(**flags: int) -> bytes:
    prefix = ICMPv6NDOptPrefixInfo(prefix="2001:db8:1::", prefixlen=64, L=1, A=flags.pop("A", 1))
    return bytes(Ether(src=MAC) / IPv6(src="fe80::1", dst="ff02::1", hlim=255) / ICMPv6ND_RA(**flags) / prefix)


def test_what_a_router_advertises() -> None:
    assert network_advertised(ra(M=0, O=1, routerlifetime=600)) == {
        "managed": False, "other": True, "lifetime": 600,
        "prefixes": [{"prefix": "2001:db8:1::/64", "on_link": True, "autonomous": True}]}
    assert network_advertised(ra()[:-1])["prefixes"] == []  # type: ignore[index]
    assert network_advertised(solicitation(bytes(6))) is None and network_advertised(b"") is None


def test_a_network_is_the_plays_or_not() -> None:
    said = network_advertised(ra(M=0, O=0, routerlifetime=600))
    assert said is not None
    assert difference(said, network(Mode.SLAAC)) is None
    assert difference(said, network(Mode.STATEFUL)) == (
        "its router advertises M=0 O=0, 2001:db8:1::/64 with L=1 A=1, and this play needs M=1 O=1, 2001:db8:1::/64 with"
        " L=1 A=0")


def test_what_cannot_be_told_to_a_device_is_declined() -> None:
    router, plain = uplink("eth1", "router"), network(Mode.STATEFUL)
    assert router.declines(plain, router.roles) is None
    short = replace(plain, lease=replace(plain.lease, valid=9))
    assert "lifetimes" in (router.declines(short, router.roles) or "")
