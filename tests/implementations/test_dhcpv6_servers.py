"""The DHCPv6 servers and relays of the matrix: what each is told, and that guests get addresses, relayed ones too."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from ipaddress import IPv6Interface, IPv6Network
from itertools import cycle
from pathlib import Path

import pytest

from fixtures.implementations import dibbler_relay, dibbler_server, dnsmasq, isc_dhcpd, kea, wide_dhcp6s
from fixtures.implementations.registry import bring, implementation_named, playing, send_away
from fixtures.programs.base import GuestClient, ProgramError
from fixtures.situation import Prefix, RelayedLink, Reservation, Situation
from tests.implementations.rooms import Rooms
from tests.patience import becomes
from tests.worked import worked_modules
from topologies.lan import Lan
from topologies.stage import addressing as plan

STATEFUL = Situation(Prefix(plan.LAN), plan.LAN_ROUTER, pool=plan.LAN_POOL, dns=(plan.LAN_ROUTER,))
RESERVED = replace(STATEFUL, pool=None, reservations=(
    Reservation("vm1", plan.LAN_RESERVED[0], duid="00030001020000000001"),
    Reservation("vm2", plan.LAN_RESERVED[1], mac="02:00:00:00:00:02"),
))
STATELESS = replace(STATEFUL, managed=False, pool=None)
#: The guests' network as its router and relay see it, and the server's view of it from outside.
RELAYED = replace(STATEFUL, upstream=plan.OUTSIDE)
FROM_OUTSIDE = replace(STATEFUL, prefix=Prefix(plan.OUTSIDE_NET), pool=None,
                       relayed=(RelayedLink(plan.LAN, plan.LAN_POOL),))


SERVERS = [who.name for who in playing("dhcpv6-server") if who.declines(STATEFUL, frozenset({"dhcpv6-server"})) is None]
RELAYS = [who.name for who in playing("relay")]
#: Those that serve relayed links. Each server serves the guest's link, and each relay has one of these behind it.
BEHIND = cycle([server for server in SERVERS if "relayed-links" not in implementation_named(server).lacks])
PAIRS: list[tuple[str, str | None]] = [*((server, None) for server in SERVERS),
                                       *((next(BEHIND), relay) for relay in RELAYS)]


def test_isc_dhcpd_is_told_times_pool_and_reservations() -> None:
    text = isc_dhcpd.dhcp6(STATEFUL)
    assert "subnet6 2001:db8:1::/64 { range6 2001:db8:1::1000 2001:db8:1::1fff; }" in text
    for line in ("default-lease-time 900;", "preferred-lifetime 600;", "option dhcp-renewal-time 300;",
                 "option dhcp-rebinding-time 480;", "option dhcp6.name-servers 2001:db8:1::1;"):
        assert line in text.splitlines()
    text = isc_dhcpd.dhcp6(RESERVED)
    assert "subnet6 2001:db8:1::/64 { }" in text
    assert "host vm1 { host-identifier option dhcp6.client-id 00:03:00:01:02:00:00:00:00:01;" in text
    assert "host vm2 { hardware ethernet 02:00:00:00:00:02; fixed-address6 2001:db8:1::a2; }" in text
    other = IPv6Network("2001:db8:ee::/64")
    assert f"subnet6 {other} {{ }}" in isc_dhcpd.dhcp6(FROM_OUTSIDE, (other,)), "it refuses to start otherwise"


def test_dibbler_is_told_times_pool_and_reservations() -> None:
    text = dibbler_server.configuration(STATEFUL, ("lan0",))
    for words in ("iface lan0 {", "t1 300", "t2 480", "preferred-lifetime 600", "valid-lifetime 900",
                  "class { pool 2001:db8:1::1000-2001:db8:1::1fff }", "option dns-server 2001:db8:1::1"):
        assert words in text
    text = dibbler_server.configuration(RESERVED, ("lan0",))
    assert "client duid 0x00030001020000000001 { address 2001:db8:1::a1 }" in text
    assert "class { pool 2001:db8:1::a1-2001:db8:1::a1 }" in text and "1000" not in text
    text = dibbler_server.configuration(FROM_OUTSIDE, ("up0",), plan.OUTSIDE)
    assert "relay up0" in text and "unicast 2001:db8:f::80" in text
    assert dibbler_server.configuration(STATELESS, ("lan0",)).splitlines()[2] == "stateless"


def test_wide_dhcp6s_is_told_pool_and_reservations() -> None:
    text = wide_dhcp6s.configuration(STATEFUL, "lan0")
    assert "interface lan0 { address-pool addresses 600 900; };" in text
    assert "range 2001:db8:1::1000 to 2001:db8:1::1fff;" in text
    text = wide_dhcp6s.configuration(RESERVED, "lan0")
    assert "host vm1 { duid 00:03:00:01:02:00:00:00:00:01; address 2001:db8:1::a1 600 900; };" in text
    assert "pool" not in text and "vm2" not in text


def test_dnsmasq_and_kea_are_told_of_relayed_links() -> None:
    server = frozenset({"dhcpv6-server"})
    lines = dnsmasq.configuration(FROM_OUTSIDE, server, ("eth0",), "/leases").splitlines()
    assert "dhcp-range=2001:db8:1::1000,2001:db8:1::1fff,64,900" in lines
    subnet = kea.dhcp6(FROM_OUTSIDE, ("eth0",), "/kea")["subnet6"][1]
    assert (subnet["subnet"], "interface" in subnet) == (str(plan.LAN), False)


def test_dibbler_relay_is_told_both_sides() -> None:
    text = dibbler_relay.configuration(plan.OUTSIDE, ("lan0", "lan1"), ("up0",))
    assert "iface lan1 {\n    client multicast yes\n    interface-id 2\n}" in text
    assert "iface up0 {\n    server unicast 2001:db8:f::80\n}" in text


def test_dnsmasq_relays_and_still_advertises() -> None:
    both = frozenset({"router", "relay"})
    lines = dnsmasq.configuration(RELAYED, both, ("lan0",), "/leases", outer=("up0",)).splitlines()
    assert {"interface=lan0", "interface=up0", "enable-ra", "dhcp-relay=2001:db8:1::1,2001:db8:f::80"} <= set(lines)
    alone = implementation_named("dnsmasq").declines(RELAYED, frozenset({"router"}))
    assert alone is not None and "M=1 only where it serves leases itself" in alone


def test_relay_without_a_server_is_refused(tmp_path: Path) -> None:
    with Rooms(Lan(), STATEFUL, tmp_path) as rooms, pytest.raises(ProgramError, match=r"upstream"):
        implementation_named("dhcrelay").start(rooms.post("router", implementation_named("dhcrelay"), "relay"))


def addresses_leased(server: str, relay: str | None, directory: Path) -> list[str]:
    """The addresses of a guest that boots with that server, directly or through that relay."""
    with Rooms(Lan(), RELAYED if relay else STATEFUL, directory) as rooms:
        if relay:
            becomes(lambda: rooms.addresses("outside"), 8)
            implementation_named(server).start(rooms.post("outside", implementation_named(server), "dhcpv6-server",
                                                          situation=FROM_OUTSIDE))
            roles = {"relay", "router"} & implementation_named(relay).roles
            implementation_named(relay).start(rooms.post("router", implementation_named(relay), *roles))
        else:
            implementation_named(server).start(rooms.post("router", implementation_named(server), "dhcpv6-server"))
        guest = implementation_named("dhclient")
        assert isinstance(guest, GuestClient)
        post = rooms.post("guest", guest, "guest")
        guest.prepare(post)
        rooms.up("guest")
        guest.start(post)
        return list(becomes(lambda: rooms.addresses("guest"), 15))


@pytest.fixture(scope="module")
def leases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str | None], Future[list[str]]]]:
    """Every pair that is installed, side by side."""
    with ThreadPoolExecutor(len(PAIRS)) as pool:
        yield {(server, relay): pool.submit(addresses_leased, server, relay,
                                            tmp_path_factory.mktemp(f"{server}-{relay}"))
               for server, relay in PAIRS if not lacking(server, relay)}


def lacking(*names: str | None) -> list[str]:
    """Who of these, and of the client, is not installed."""
    return [name for name in (*names, "dhclient") if name and implementation_named(name).missing()]


@pytest.mark.parametrize(("server", "relay"), PAIRS)
def test_each_leases_from_its_pool(
        leases: dict[tuple[str, str | None], Future[list[str]]], server: str, relay: str | None) -> None:
    if lacking(server, relay):
        pytest.skip(f"not installed: {', '.join(lacking(server, relay))}")
    addresses = leases[server, relay].result()
    assert [plan.LAN_POOL[0] <= IPv6Interface(each).ip <= plan.LAN_POOL[1] for each in addresses] == [True]


@pytest.mark.skipif(bool(lacking("dhcrelay", "kea")), reason="needs dhcrelay, Kea and dhclient")
def test_the_relay_of_the_docs_relays(tmp_path: Path) -> None:
    (module,) = worked_modules("writing-an-implementation.md").values()
    try:
        bring(module.ExampleRelay())
        assert addresses_leased("kea", "example-relay", tmp_path)
        assert implementation_named("example-relay").version()
    finally:
        send_away()
        sys.modules.pop(module.__name__)
