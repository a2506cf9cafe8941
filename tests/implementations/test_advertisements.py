"""What the routers really put on the wire for each mode: one Router Advertisement of each, read at a peer."""

from __future__ import annotations

import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from pathlib import Path

import pytest

from fixtures.implementations.registry import all_implementations, named
from fixtures.situation import Prefix, Situation
from tests.implementations.rooms import Rooms
from topologies import addressing as plan
from topologies.lan import Lan

pytestmark = pytest.mark.skipif(
    any(who.missing() for who in all_implementations().values()), reason="not all programs are installed")

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
    network: IPv6Network
    on_link: bool
    autonomous: bool
    valid: int
    dns: IPv6Address | None


def parsed(message: bytes) -> Advertisement:
    hop_limit, flags, lifetime = struct.unpack_from("!BBH", message, 4)
    options = {}
    rest = message[16:]
    while rest:
        options[rest[0]], rest = rest[: rest[1] * 8], rest[rest[1] * 8 :]
    length, prefix_flags, valid = struct.unpack_from("!BBI", options[PREFIX_INFORMATION], 2)
    return Advertisement(
        hop_limit, bool(flags & 0x80), bool(flags & 0x40), lifetime,
        IPv6Network((options[PREFIX_INFORMATION][16:32], length)), bool(prefix_flags & 0x80), bool(prefix_flags & 0x40),
        valid, IPv6Address(options[RDNSS][8:24]) if RDNSS in options else None,
    )


def only_advertisements() -> socket.socket:
    """A socket that hears Router Advertisements and nothing else (RFC 3542 section 3.2)."""
    ear = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    block = bytearray(b"\xff" * 32)
    struct.pack_into("=I", block, (RA >> 5) * 4, 0xFFFFFFFF & ~(1 << (RA & 31)))
    ear.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, bytes(block))
    ear.settimeout(12)
    return ear


def situation_of(mode: str) -> Situation:
    managed, other, on_link, autonomous = MODES[mode]
    return Situation(
        Prefix(plan.LAN, on_link, autonomous), plan.LAN_ROUTER, managed, other, dhcpv6=managed or other,
        router_lifetime=1234, hop_limit=33, dns=(plan.LAN_ROUTER,), pool=plan.LAN_POOL if managed else None,
    )


def heard(router: str, mode: str, directory: Path) -> tuple[Advertisement, list[Advertisement]]:
    """An RA while the router runs, and those that came after it was told to stop."""
    who = named(router, "router")
    roles = ("router", "dhcpv6-server") if "dhcpv6-server" in who.roles else ("router",)
    with Rooms(Lan(guests=0), situation_of(mode), directory) as rooms:
        rooms.up("peer")
        ear: socket.socket = rooms.stage.get("peer").inside(only_advertisements)
        post = rooms.post("router", who, *roles)
        who.start(post)
        first = parsed(ear.recv(1500))
        ear.settimeout(0.3)
        while _next(ear):
            pass
        who.stop(post)
        last = []
        while (message := _next(ear)) is not None:
            last.append(parsed(message))
        ear.close()
        return first, last


def _next(ear: socket.socket) -> bytes | None:
    try:
        return ear.recv(1500)
    except TimeoutError:
        return None


CASES = [(router, mode) for router in ("dnsmasq", "radvd") for mode in MODES]


@pytest.fixture(scope="module")
def advertisements(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[tuple[str, str], tuple[Advertisement, list[Advertisement]]]:
    with ThreadPoolExecutor(len(CASES)) as pool:
        futures = {case: pool.submit(heard, *case, tmp_path_factory.mktemp("-".join(case))) for case in CASES}
        return {case: future.result() for case, future in futures.items()}


@pytest.mark.parametrize(("router", "mode"), CASES)
def test_advertisement_says_what_the_situation_says(
    advertisements: dict[tuple[str, str], tuple[Advertisement, list[Advertisement]]], router: str, mode: str
) -> None:
    first, _ = advertisements[router, mode]
    assert (first.managed, first.other, first.on_link, first.autonomous) == MODES[mode]
    assert (first.hop_limit, first.lifetime, first.network) == (33, 1234, plan.LAN)
    assert first.valid == 900
    assert first.dns == plan.LAN_ROUTER


@pytest.mark.parametrize("mode", MODES)
def test_radvd_says_goodbye(
    advertisements: dict[tuple[str, str], tuple[Advertisement, list[Advertisement]]], mode: str
) -> None:
    _, last = advertisements["radvd", mode]
    assert [each.lifetime for each in last] == [0]
