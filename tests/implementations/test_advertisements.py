"""What the routers really put on the wire for each mode that they play: an advertisement of each, read at a peer."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from pathlib import Path

import pytest

from fixtures.implementations.registry import implementation_named, playing
from fixtures.situation import Prefix, Situation
from tests.implementations.rooms import Rooms
from tests.patience import becomes
from topologies.lan import Lan
from topologies.stage import addressing as plan

#: Mode -> (managed, other, on-link, autonomous): Neutron's three and Calico's.
MODES = {
    "slaac": (False, False, True, True),
    "dhcpv6-stateless": (False, True, True, True),
    "dhcpv6-stateful": (True, True, True, False),
    "calico": (True, True, False, False),
}
ICMP6_FILTER, RA, PREFIX_INFORMATION, RDNSS = 1, 134, 3, 25


@dataclass(frozen=True)
class Advertisement:
    """The fields of an RA (RFC 4861 section 4.2) and of its Prefix Information (section 4.6.2)."""

    hop_limit: int
    managed: bool
    other: bool
    lifetime: int
    network: IPv6Network | None
    on_link: bool
    autonomous: bool
    valid: int
    dns: IPv6Address | None


def parse(message: bytes) -> Advertisement:
    hop_limit, flags, lifetime = struct.unpack_from("!BBH", message, 4)
    options = {}
    rest = message[16:]
    while rest:
        options[rest[0]], rest = rest[: rest[1] * 8], rest[rest[1] * 8 :]
    length, prefix_flags, valid = 0, 0, 0
    network = None
    if PREFIX_INFORMATION in options:
        length, prefix_flags, valid = struct.unpack_from("!BBI", options[PREFIX_INFORMATION], 2)
        network = IPv6Network((options[PREFIX_INFORMATION][16:32], length), strict=False)
    return Advertisement(
        hop_limit, bool(flags & 0x80), bool(flags & 0x40), lifetime, network, bool(prefix_flags & 0x80),
        bool(prefix_flags & 0x40), valid, IPv6Address(options[RDNSS][8:24]) if RDNSS in options else None,
    )


def only_advertisements() -> socket.socket:
    """A socket that hears Router Advertisements and nothing else (RFC 3542 section 3.2)."""
    ear = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    block = bytearray(b"\xff" * 32)
    struct.pack_into("=I", block, (RA >> 5) * 4, 0xFFFFFFFF & ~(1 << (RA & 31)))
    ear.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, bytes(block))
    ear.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    ear.settimeout(12)
    return ear


def solicit(ear: socket.socket, interface: int) -> None:
    """A Router Solicitation without options (RFC 4861 section 4.1): some routers speak only when they are asked."""
    ear.sendto(bytes([133]) + bytes(7), ("ff02::2", 0, 0, interface))


def situation_of(mode: str) -> Situation:
    managed, other, on_link, autonomous = MODES[mode]
    return Situation(
        Prefix(plan.LAN, on_link, autonomous), plan.LAN_ROUTER, managed, other, dhcpv6=managed or other,
        router_lifetime=1234, hop_limit=33, dns=(plan.LAN_ROUTER,), pool=plan.LAN_POOL if managed else None,
    )


def hear(router: str, mode: str, directory: Path) -> tuple[Advertisement, list[Advertisement]]:
    """An RA while the router runs, and those that came after it was told to stop."""
    who = implementation_named(router, "router")
    with Rooms(Lan(guests=0), situation_of(mode), directory) as rooms:
        rooms.up("peer")
        rooms.link_local("peer", "eth0", 8.0)
        ear: socket.socket = rooms.stage.get("peer").inside(only_advertisements)
        post = rooms.post("router", who, *roles_of(router))
        assert becomes(lambda: f"{plan.LAN_ROUTER}/64" in rooms.addresses("router"), 8)  # as when a play begins
        who.start(post)
        solicit(ear, rooms.stage.get("peer").inside(lambda: socket.if_nametoindex("eth0")))
        first = parse(ear.recv(1500))
        ear.settimeout(0.3)
        while _next(ear):
            pass
        who.stop(post)
        last = []
        while (message := _next(ear)) is not None:
            last.append(parse(message))
        ear.close()
        return first, last


def _next(ear: socket.socket) -> bytes | None:
    try:
        return ear.recv(1500)
    except TimeoutError:
        return None


def roles_of(router: str) -> frozenset[str]:
    return implementation_named(router).roles & {"router", "dhcpv6-server"}


CASES = [(who.name, mode) for who in playing("router") for mode in MODES
         if who.declines(situation_of(mode), roles_of(who.name)) is None]
Heard = tuple[Advertisement, list[Advertisement]]


@pytest.fixture(scope="module")
def advertisements(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], Future[Heard]]]:
    with ThreadPoolExecutor(len(CASES)) as pool:
        yield {case: pool.submit(hear, *case, tmp_path_factory.mktemp("-".join(case)))
               for case in CASES if not implementation_named(case[0]).missing()}


@pytest.fixture
def first_advertisements(advertisements: dict[tuple[str, str], Future[Heard]], router: str, mode: str) -> Heard:
    if (router, mode) not in advertisements:
        pytest.skip(f"{router} is not installed")
    return advertisements[router, mode].result()


@pytest.mark.parametrize(("router", "mode"), CASES)
def test_advertisement_says_what_the_situation_says(first_advertisements: Heard, router: str, mode: str) -> None:
    first, _ = first_advertisements
    managed, other, on_link, autonomous = MODES[mode]
    assert (first.managed, first.network, first.dns) == (managed, plan.LAN, plan.LAN_ROUTER)
    assert first.other == other or managed
    if "prefix-flags" not in implementation_named(router).lacks:
        assert (first.on_link, first.autonomous) == (on_link, autonomous)
    if "advertised-lifetimes" not in implementation_named(router).lacks:
        assert (first.lifetime, first.valid) == (1234, 900)
        assert first.hop_limit == (0 if router == "systemd-networkd" else 33)


@pytest.mark.parametrize(("router", "mode"), CASES)
def test_router_that_stops_advertises_no_other_lifetime_than_zero(first_advertisements: Heard, router: str,
                                                                  mode: str) -> None:
    _, last = first_advertisements
    assert {each.lifetime for each in last} <= {0}  # whether it says so at all is RA-04's to judge (a SHOULD)
