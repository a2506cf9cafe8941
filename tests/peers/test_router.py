from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network
from pathlib import Path

import pytest

from fixtures.peers import wire
from fixtures.peers.advertisement import Advertisement, RouteInformation, malformed_advertisements
from fixtures.peers.neighbor import ScriptedNeighbor, Solicitation
from fixtures.peers.router import ScriptedRouter
from fixtures.protocols.addresses import ALL_NODES
from fixtures.protocols.icmp import ROUTER_ADVERTISEMENT, ROUTER_SOLICITATION
from fixtures.situation import Prefix
from tests.peers.wire_room import GUEST_LL, OTHER_LL, Cable

PREFIX = Prefix(IPv6Network("2001:db8:1::/64"), on_link=True, autonomous=True, preferred=600, valid=900)
GOOD = Advertisement(managed=True, other=True, hop_limit=33, lifetime=77, reachable=12000, retrans=2000, mtu=1400,
                     prefixes=(PREFIX,), rdnss=(IPv6Address("2001:db8:1::53"),), dnssl=("example.com",))


def icmpv6(kind: int) -> Callable[[bytes], bool]:
    return lambda data: data[12:14] == b"\x86\xdd" and data[20] == 58 and data[54] == kind


def test_the_kernel_takes_what_is_advertised_on_its_solicitation(stage: Cable, tmp_path: Path) -> None:
    stage.put(ScriptedRouter(GOOD, answer="unicast", delay=0.1))
    stage.up()
    stage.guest.until("default via", 20)
    stage.guest.until("2001:db8:1::ff:fe00:1/64", 20)
    route = next(one for one in stage.guest.ip("route") if one["dst"] == "default")
    assert (route["gateway"], route["metrics"][0]["hoplimit"]) == (str(OTHER_LL), 33)
    stage.tap.until(icmpv6(ROUTER_ADVERTISEMENT), 1)
    rows = stage.tap.dissect(
        tmp_path, "ipv6.dst", "ipv6.hlim", "icmpv6.checksum.status", "icmpv6.nd.ra.cur_hop_limit",
        "icmpv6.nd.ra.router_lifetime", "icmpv6.nd.ra.reachable_time", "icmpv6.nd.ra.retrans_timer",
        "icmpv6.nd.ra.flag.m", "icmpv6.opt.prefix", "icmpv6.opt.prefix.valid_lifetime", "icmpv6.opt.mtu",
        "icmpv6.opt.rdnss", "icmpv6.opt.dnssl", "icmpv6.opt.src_linkaddr",
        only="icmpv6.type == 134 && !_ws.malformed")
    assert rows[0] == [str(GUEST_LL), "255", "1", "33", "77", "12000", "2000", "1", "2001:db8:1::", "900", "1400",
                       "2001:db8:1::53", "example.com", "02:00:00:00:00:02"]


def test_route_information_is_as_short_as_its_prefix() -> None:
    """RFC 4191 section 2.3: length, prefix length, preference (two bits), lifetime, and as much of the prefix."""
    for network, octets in (
        ("::/0", "18 01 00 08 0000 0009"),
        ("2001:db8:f::/48", "18 02 30 08 0000 0009 2001 0db8 000f 0000"),
        ("2001:db8:f:1::/64", "18 02 40 08 0000 0009 2001 0db8 000f 0001"),
        ("2001:db8:f:1:a::/80", "18 03 50 08 0000 0009 2001 0db8 000f 0001 000a 0000 0000 0000"),
    ):
        route = RouteInformation(IPv6Network(network), 9, "high")
        assert wire.as_bytes(route.option) == bytes.fromhex(octets)
        assert wire.as_bytes(Advertisement(routes=(route,)).message("02:00:00:00:00:02")).endswith(
            bytes.fromhex(octets))


def test_withdrawal_takes_the_route_away(stage: Cable) -> None:
    router = stage.put(ScriptedRouter(GOOD))
    stage.up()
    stage.guest.until("default via", 8)
    router.withdraw()
    stage.guest.until("default via", 2, gone=True)


def test_malformed_advertisements_are_malformed_as_said_and_leave_nothing(stage: Cable, tmp_path: Path) -> None:
    bad = Advertisement(lifetime=600, prefixes=(Prefix(IPv6Network("2001:db8:bad::/64"), autonomous=True),))
    stage.put(ScriptedRouter(bad, answer="silent", link_local=IPv6Address("fe80::bad")))
    good = stage.put(ScriptedRouter(GOOD, answer="silent"))
    stage.up()
    stage.tap.until(icmpv6(ROUTER_SOLICITATION), 8)
    for advertisement in malformed_advertisements(bad).values():
        assert stage.peers[0].advertise(advertisement)
    assert good.advertise()
    stage.guest.until("default via", 3)
    assert [one["gateway"] for one in stage.guest.ip("route") if one["dst"] == "default"] == [str(OTHER_LL)]
    assert not [address for address in stage.guest.addresses() if "bad" in address]
    stage.tap.until(lambda data: icmpv6(ROUTER_ADVERTISEMENT)(data) and data[22:38] == OTHER_LL.packed, 3)
    rows = stage.tap.dissect(tmp_path, "ipv6.hlim", "icmpv6.checksum.status", "icmpv6.code", "ipv6.plen", "ipv6.src",
                             "_ws.malformed", only="icmpv6.type == 134")
    right = ["255", "1", "0", "56", "fe80::bad"]
    assert [row[:5] for row in rows[:6]] == [
        ["254", *right[1:]],
        ["255", "0", *right[2:]],
        ["255", "1", "1", *right[3:]],
        ["255", "1", "0", "12", "fe80::bad"],
        ["255", "1", "0", "64", "fe80::bad"],
        [*right[:4], "2001:db8::bad"],
    ]
    assert stage.tap.dissect(tmp_path, "frame.number", only="icmpv6.opt.length == 0")
    assert not rows[0][5] and not rows[5][5]


@pytest.mark.parametrize("unspecified", [False, True])
def test_solicitations_from_the_unspecified_address_are_answered_to_all(stage: Cable, unspecified: bool) -> None:
    stage.guest.sysctl("disable_ipv6", 1)
    stage.up()
    stage.put(ScriptedRouter(GOOD, answer="unicast"))
    stage.put(ScriptedNeighbor(solicitations=[Solicitation(0.0, unspecified=unspecified)]), stage.guest)
    answer = stage.tap.frames[stage.tap.until(icmpv6(ROUTER_ADVERTISEMENT), 3)][0]
    assert answer[38:54] == (ALL_NODES if unspecified else GUEST_LL).packed


def test_one_multicast_answer_serves_all_who_ask_while_it_waits(stage: Cable) -> None:
    stage.guest.sysctl("disable_ipv6", 1)
    stage.up()
    stage.put(ScriptedRouter(GOOD, spacing=0.6))
    stage.put(ScriptedNeighbor(solicitations=[Solicitation(0.05 * number) for number in range(8)]), stage.guest)
    first = stage.tap.until(icmpv6(ROUTER_ADVERTISEMENT), 3)
    stage.tap.until(icmpv6(ROUTER_ADVERTISEMENT), 3, after=first + 1)
    solicited = [number for number, (data, _) in enumerate(stage.tap.frames) if icmpv6(ROUTER_SOLICITATION)(data)]
    answered = [number for number, (data, _) in enumerate(stage.tap.frames) if icmpv6(ROUTER_ADVERTISEMENT)(data)]
    assert len(solicited) == 8
    assert len(answered) == 2
    assert answered[0] < solicited[1] < solicited[7] < answered[1]


def test_a_dead_router_answers_nobody_and_two_routers_are_two_routes(stage: Cable) -> None:
    one = stage.put(ScriptedRouter(GOOD))
    stage.put(ScriptedRouter(GOOD, link_local=IPv6Address("fe80::2"), mac="02:00:00:00:00:22", plays_everyone=True))
    stage.up()
    stage.guest.run("ip", "-6", "address", "add", "2001:db8:7::1/128", "dev", "eth0", "nodad")
    stage.guest.until(f"via {OTHER_LL}", 8)
    stage.guest.until("via fe80::2", 8)
    one.die()
    stage.guest.run("ping", "-6", "-c", "1", "-W", "2", "fe80::2%eth0")
    stage.guest.run("ip", "-6", "route", "replace", "2001:db8:9::/64", "via", "fe80::2", "dev", "eth0")
    stage.guest.run("ping", "-6", "-c", "1", "-W", "2", "2001:db8:9::1")
    with pytest.raises(AssertionError):
        stage.guest.run("ping", "-6", "-c", "1", "-W", "1", f"{OTHER_LL}%eth0")
