"""What the matrix's routers are told, and what they decline: no program runs."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

import pytest

from fixtures.implementations import bird_radv, frr, networkd_router
from fixtures.implementations.registry import implementation_named
from fixtures.implementations.stream_link import connect_to, frames
from fixtures.situation import Lease, Prefix, Situation, Taps

NETWORK = IPv6Network("2001:db8:1::/64")
STATEFUL = Situation(Prefix(NETWORK), NETWORK[1], pool=(NETWORK[0x1000], NETWORK[0x1FFF]), dns=(NETWORK[1],))
SLAAC = replace(STATEFUL, prefix=Prefix(NETWORK, autonomous=True), managed=False, other=False, dhcpv6=False, pool=None)
CALICO = replace(STATEFUL, prefix=Prefix(NETWORK, on_link=False))
BOTH = frozenset({"router", "dhcpv6-server"})
ROUTER = frozenset({"router"})


@pytest.mark.parametrize(("situation", "words"), [
    (STATEFUL, ("managed yes;", "other config yes;", "onlink yes; autonomous no;")),
    (SLAAC, ("managed no;", "other config no;", "onlink yes; autonomous yes;")),
    (CALICO, ("managed yes;", "onlink no; autonomous no;", "prefix ::/0 { skip; };", "rdnss 2001:db8:1::1;")),
])
def test_bird_is_told_the_mode(situation: Situation, words: tuple[str, ...]) -> None:
    text = bird_radv.advertising(situation, ("lan0",))
    assert all(word in text for word in words)


@pytest.mark.parametrize(("situation", "line"), [
    (STATEFUL, " ipv6 nd prefix 2001:db8:1::/64 900 600 no-autoconfig"),
    (SLAAC, " ipv6 nd prefix 2001:db8:1::/64 900 600"),
    (CALICO, " ipv6 nd prefix 2001:db8:1::/64 900 600 off-link no-autoconfig"),
])
def test_frr_is_told_the_mode(situation: Situation, line: str) -> None:
    lines = frr.configuration(situation, ("lan0",)).splitlines()
    assert line in lines
    assert (" ipv6 nd managed-config-flag" in lines) == situation.managed


def test_networkd_is_told_the_mode() -> None:
    text = networkd_router.advertising(CALICO, "lan0")
    for line in ("Managed=yes", "OtherInformation=yes", "OnLink=no", "AddressAutoconfiguration=no", "Assign=no"):
        assert line in text.splitlines()


@pytest.mark.parametrize(("name", "situation", "roles", "why"), [
    ("passt", STATEFUL, BOTH, None),
    ("passt", STATEFUL, ROUTER, "both or neither"),
    ("passt", SLAAC, BOTH, "always have M=1"),
    ("passt", CALICO, BOTH, "always on-link"),
    ("passt", replace(STATEFUL, lease=Lease(10, 16, 20, 30)), BOTH, "never end"),
    ("passt", replace(STATEFUL, ipv4=IPv4Network("192.0.2.0/24")), BOTH, "IPv6 alone"),
    ("libslirp", SLAAC, ROUTER, None),
    ("libslirp", STATEFUL, ROUTER, "always have M=0"),
    ("libslirp", replace(SLAAC, other=True), ROUTER, "always have O=0"),
    ("bird", replace(CALICO, taps=Taps(("tap1",), "ns-dhcp")), ROUTER, "taps have none"),
    ("bird", CALICO, ROUTER, None),
    ("dnsmasq", STATEFUL, ROUTER, "says M=1 only where"),
    ("dnsmasq", STATEFUL, BOTH, None),
])
def test_declines_what_it_cannot_be_told(
    name: str, situation: Situation, roles: frozenset[str], why: str | None
) -> None:
    reason = implementation_named(name).declines(situation, roles)
    assert reason is None if why is None else reason is not None and why in reason


def test_stream_is_cut_into_frames() -> None:
    stream = bytearray(b"\0\0\0\2ab\0\0\0\1c\0\0\0\3d")
    assert frames(stream) == [b"ab", b"c"]
    assert stream == b"\0\0\0\3d"


def test_cable_waits_for_a_stack_that_is_slow_to_listen(tmp_path: Path) -> None:
    path = str(tmp_path / "frames.sock")
    stack = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def open_late() -> None:
        stack.bind(path)
        threading.Timer(0.05, stack.listen).start()

    late = threading.Timer(0.05, open_late)
    with stack:
        late.start()
        connect_to(path).close()
