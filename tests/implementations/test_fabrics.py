"""Routing between two hosts, as each fabric does it: what it is told, and a route that comes and goes."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Network
from pathlib import Path

import pytest

from fixtures.implementations import bird_ospf, frr_bgp, frr_ospf6
from fixtures.implementations.registry import implementation_named, playing
from fixtures.situation import BgpPeer, FabricTask, Prefix, Situation
from tests.implementations.rooms import Rooms
from tests.patience import becomes
from topologies.containers import Containers
from topologies.stage import addressing as plan

FABRICS = [who.name for who in playing("fabric")]
OWNER = plan.CONTAINER_ADDRESSES["c3"]
INSIDE, OUTSIDE = IPv6Network(OWNER), IPv6Network("2001:db8:bad::1")
TASKS = [FabricTask(IPv4Address(f"192.0.2.{number}"), 64512, own, (BgpPeer(other, 64512),), (plan.CONTAINERS,))
         for number, (own, other) in enumerate((plan.FABRIC_HOSTS, reversed(plan.FABRIC_HOSTS)), 1)]


def test_bird_ospf_announces_only_the_workloads() -> None:
    text = bird_ospf.configuration(TASKS[0], "fabric0")
    assert f"export where source = RTS_INHERIT && net ~ [{plan.CONTAINERS}+];" in text
    assert 'interface "fabric0"' in text


def test_frr_announces_only_the_workloads() -> None:
    for text in (frr_bgp.configuration(TASKS[0]), frr_ospf6.configuration(TASKS[0], "fabric0")):
        assert f"ipv6 prefix-list INSIDE seq 1 permit {plan.CONTAINERS} le 128\n" in text
        assert "redistribute kernel route-map WORKLOADS\n" in text


def what_is_learned(fabric: str, directory: Path) -> tuple[bool, bool, bool]:
    """Whether host1 learned the route of a workload of host2, nothing else of it, and its end."""
    who, situation = implementation_named(fabric, "fabric"), Situation(Prefix(plan.CONTAINERS), plan.FABRIC_HOSTS[0],
                                                                       dhcpv6=False)

    def is_known(rooms: Rooms, network: IPv6Network) -> bool:
        return any(route["dst"] == str(network.network_address) for route in rooms.routes("host1"))

    with Rooms(Containers(), situation, directory) as rooms:
        assert becomes(lambda: rooms.addresses("host1") and rooms.addresses("host2"), 8)
        for host, task in zip(("host1", "host2"), TASKS, strict=True):
            rooms.run(host, "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
            who.start(rooms.post(host, who, "fabric", task=task))
        rooms.up("c3")
        for network in (OUTSIDE, INSIDE):
            rooms.run("host2", "ip", "route", "add", str(network), "dev", "cali3", "proto", "static")
        came = bool(becomes(lambda: is_known(rooms, INSIDE), 20))
        alone = not is_known(rooms, OUTSIDE)
        rooms.run("host2", "ip", "route", "del", str(INSIDE), "dev", "cali3", "proto", "static")
        return came, alone, bool(becomes(lambda: not is_known(rooms, INSIDE), 10))


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Future[tuple[bool, bool, bool]]]:
    with ThreadPoolExecutor(len(FABRICS)) as pool:
        return {name: pool.submit(what_is_learned, name, tmp_path_factory.mktemp(name))
                for name in FABRICS if not implementation_named(name).missing()}


@pytest.mark.parametrize("fabric", FABRICS)
def test_fabric_tells_of_workloads_and_of_their_end(
    routes: dict[str, Future[tuple[bool, bool, bool]]], fabric: str
) -> None:
    if fabric not in routes:
        pytest.skip(f"{fabric} is not installed")
    assert routes[fabric].result() == (True, True, True)
