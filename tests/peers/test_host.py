from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network
from pathlib import Path
from typing import Any

import pytest

from fixtures.peers.advertisement import Advertisement, malformed_advertisements
from fixtures.peers.answering import Manners
from fixtures.peers.habits import Habits
from fixtures.peers.host import ScriptedHost
from fixtures.peers.neighbor import ScriptedNeighbor
from fixtures.peers.router import ScriptedRouter
from fixtures.protocols.addresses import UNSPECIFIED, solicited_node
from fixtures.protocols.icmp import (
    ECHO_REPLY,
    ECHO_REQUEST,
    NEIGHBOR_ADVERTISEMENT,
    NEIGHBOR_SOLICITATION,
    ROUTER_ADVERTISEMENT,
    ROUTER_SOLICITATION,
)
from fixtures.protocols.ip import ICMPV6
from fixtures.situation import Prefix
from tests.peers.wire_room import GUEST_LL, GUEST_MAC, OTHER_LL, OTHER_MAC, Cable

PREFIX = IPv6Network("2001:db8:1::/64")
OWN = IPv6Address("2001:db8:1:0:0:ff:fe00:1")
GOOD = Advertisement(prefixes=(Prefix(PREFIX, autonomous=True),), hop_limit=21)
FAR = IPv6Address("2001:db8:9::1")


@pytest.fixture(name="wire_only")
def _wire_only(stage: Cable) -> Cable:
    stage.guest.sysctl("disable_ipv6", 1)
    stage.up()
    return stage


def wait_for_message(stage: Cable, kind: int, *, within: float = 5, after: int = 0,
                     target: IPv6Address | None = None) -> int:
    """Wait for an ICMPv6 message that the host sends."""
    mac = bytes.fromhex(GUEST_MAC.replace(":", ""))

    def is_wanted(data: bytes) -> bool:
        mine = data[6:12] == mac and data[20] == 58 and data[54] == kind
        return mine and (target is None or data[62:78] == target.packed)

    return stage.tap.until(is_wanted, within, after=after)


def solicitations(stage: Cable) -> list[IPv6Address]:
    """The targets of the NS that the host has sent."""
    mac = bytes.fromhex(GUEST_MAC.replace(":", ""))
    return [IPv6Address(data[62:78]) for data, _ in stage.tap.drain()
            if data[6:12] == mac and data[20] == 58 and data[54] == NEIGHBOR_SOLICITATION]


def test_a_correct_host_probes_solicits_autoconfigures_and_pings(wire_only: Cable, tmp_path: Path) -> None:
    wire_only.put(ScriptedRouter(GOOD, plays_everyone=True))
    host = wire_only.put(ScriptedHost(), wire_only.guest)
    probe = wait_for_message(wire_only, NEIGHBOR_SOLICITATION, target=OWN)
    while OWN not in host.addresses:
        wire_only.tap.until(lambda data: data[54] == NEIGHBOR_SOLICITATION, 3, after=probe)
    assert host.ping(FAR)
    wire_only.tap.until(lambda data: data[20] == 58 and data[54] == ECHO_REPLY, 3)
    rows = wire_only.tap.dissect(tmp_path, "icmpv6.type", "ipv6.src", "ipv6.dst", "ipv6.hlim",
                                 "icmpv6.opt.src_linkaddr",
                                 only=f"eth.src == {GUEST_MAC} && !_ws.malformed && !(icmpv6.checksum.status == 0)")
    group = str(solicited_node(GUEST_LL))
    assert rows[:3] == [["143", "::", "ff02::16", "1", ""], ["135", "::", group, "255", ""],
                        ["133", str(GUEST_LL), "ff02::2", "255", GUEST_MAC]]
    assert rows[-1] == ["128", str(OWN), str(FAR), "21", ""]


@pytest.mark.parametrize("heeds", [True, False])
def test_a_conflict_is_heeded_or_not(wire_only: Cable, heeds: bool) -> None:
    rival = wire_only.put(ScriptedNeighbor())
    rival.defend("any")
    wire_only.put(ScriptedHost(Habits(heeds_conflicts=heeds)), wire_only.guest)
    wait_for_message(wire_only, NEIGHBOR_SOLICITATION, target=GUEST_LL)
    wire_only.tap.until(lambda data: data[20] == 58 and data[54] == NEIGHBOR_ADVERTISEMENT, 2)
    rival.yield_addresses()
    if heeds:
        rival.solicit(GUEST_LL)
        with pytest.raises(AssertionError):
            wait_for_message(wire_only, NEIGHBOR_ADVERTISEMENT, within=0.5)
    else:
        wait_for_message(wire_only, ROUTER_SOLICITATION)
        rival.solicit(GUEST_LL)
        wait_for_message(wire_only, NEIGHBOR_ADVERTISEMENT, within=2)


@pytest.mark.parametrize("habits, first", [
    (Habits(), NEIGHBOR_SOLICITATION), (Habits(probes=False), ROUTER_SOLICITATION),
    (Habits(link_local=False), ROUTER_SOLICITATION)])
def test_what_it_says_first(wire_only: Cable, habits: Habits, first: int) -> None:
    wire_only.put(ScriptedHost(habits), wire_only.guest)
    either = (NEIGHBOR_SOLICITATION, ROUTER_SOLICITATION)
    found = wire_only.tap.until(lambda data: data[20] == ICMPV6 and data[54] in either, 3)
    assert wire_only.tap.frames[found][0][54] == first


@pytest.mark.parametrize("validates", [True, False])
def test_bad_advertisements_are_believed_only_without_validation(wire_only: Cable, validates: bool) -> None:
    bad = Advertisement(prefixes=(Prefix(IPv6Network("2001:db8:bad::/64"), autonomous=True),))
    router = wire_only.put(ScriptedRouter(bad, answer="silent"))
    host = wire_only.put(ScriptedHost(Habits(validates=validates)), wire_only.guest)
    wait_for_message(wire_only, ROUTER_SOLICITATION)
    for advertisement in malformed_advertisements(bad).values():
        router.advertise(advertisement)
    router.advertise(GOOD)
    wait_for_message(wire_only, NEIGHBOR_SOLICITATION, target=OWN)
    believed = {str(prefix.network) for prefix in host.prefixes}
    assert ("2001:db8:bad::/64" in believed) != validates
    assert set(host.routers) == ({OTHER_LL} if validates else {OTHER_LL, IPv6Address("2001:db8::bad")})


@pytest.mark.parametrize("manners, flags", [
    (Manners(), ["0", "1", "1", GUEST_MAC]),
    (Manners(override=False), ["0", "1", "0", GUEST_MAC]),
    (Manners(router=True), ["1", "1", "1", GUEST_MAC]),
    (Manners(link_layer=False), ["0", "1", "0", ""])])
def test_how_it_answers(wire_only: Cable, tmp_path: Path, manners: Manners, flags: list[str]) -> None:
    asker = wire_only.put(ScriptedNeighbor())
    wire_only.put(ScriptedHost(Habits(manners=manners)), wire_only.guest)
    wait_for_message(wire_only, ROUTER_SOLICITATION)
    asker.solicit(GUEST_LL)
    wait_for_message(wire_only, NEIGHBOR_ADVERTISEMENT)
    rows = wire_only.tap.dissect(tmp_path, "icmpv6.nd.na.flag.r", "icmpv6.nd.na.flag.s", "icmpv6.nd.na.flag.o",
                                 "icmpv6.opt.target_linkaddr", only=f"icmpv6.type == 136 && eth.src == {GUEST_MAC}")
    assert rows == [flags]


def test_the_answer_to_a_probe_may_claim_to_be_solicited(wire_only: Cable, tmp_path: Path) -> None:
    asker = wire_only.put(ScriptedNeighbor())
    wire_only.put(ScriptedHost(Habits(manners=Manners(solicited=True))), wire_only.guest)
    wait_for_message(wire_only, ROUTER_SOLICITATION)
    asker.solicit(GUEST_LL, source=UNSPECIFIED)
    wait_for_message(wire_only, NEIGHBOR_ADVERTISEMENT)
    rows = wire_only.tap.dissect(tmp_path, "icmpv6.nd.na.flag.s", "ipv6.dst", only="icmpv6.type == 136")
    assert rows == [["1", "ff02::1"]]


@pytest.mark.parametrize("habits, on_link", [(Habits(), False), (Habits(assumes_on_link=True), True)])
def test_what_is_off_link_goes_to_the_router_or_is_unreachable(wire_only: Cable, habits: Habits, on_link: bool) -> None:
    host: Any = wire_only.put(ScriptedHost(habits), wire_only.guest)
    wait_for_message(wire_only, ROUTER_SOLICITATION)
    assert host.ping(FAR) == on_link
    if on_link:
        wait_for_message(wire_only, NEIGHBOR_SOLICITATION, target=FAR)
    else:
        assert FAR not in solicitations(wire_only)
        wire_only.put(ScriptedRouter(Advertisement())).advertise()
        while not host.routers:
            wire_only.tap.until(lambda data: data[54] == ROUTER_ADVERTISEMENT, 3)
        assert host.ping(FAR)
        frame = wire_only.tap.frames[wait_for_message(wire_only, ECHO_REQUEST)][0]
        assert frame[:6] == bytes.fromhex(OTHER_MAC.replace(":", ""))


@pytest.mark.parametrize("takes_zeros, hop_limit", [(False, 15), (True, 0)])
def test_zero_parameters_change_nothing_or_all(wire_only: Cable, takes_zeros: bool, hop_limit: int) -> None:
    router = wire_only.put(ScriptedRouter(Advertisement(), answer="silent"))
    host = wire_only.put(ScriptedHost(Habits(takes_zeros=takes_zeros)), wire_only.guest)
    wait_for_message(wire_only, ROUTER_SOLICITATION)
    router.advertise(Advertisement(hop_limit=15, reachable=10000, retrans=5000))
    router.advertise(Advertisement(hop_limit=0, reachable=0, retrans=0, lifetime=0))
    router.advertise(GOOD.with_(hop_limit=0))
    wait_for_message(wire_only, NEIGHBOR_SOLICITATION, target=OWN)
    assert (host.hop_limit, host.retrans) == (hop_limit, 0.0 if takes_zeros else 5.0)
