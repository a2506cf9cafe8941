"""Every topology builds, starts, settles, and keeps to the plan."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

import topologies
from topologies.dual import Dual
from topologies.stage import addressing as plan
from topologies.stage.stage import Stage
from topologies.two_routers import TwoRouters

DOCUMENTATION = [ip_network(text) for text in ("2001:db8::/32", "fd00::/8", "192.0.2.0/24", "198.51.100.0/24",
                                               "203.0.113.0/24")]
#: Other addresses, where a document's sentence is about them: CloudStack's pools may be site-local (RFC 3879).
BESIDES = {"cloudstack": [ip_network("fec0::/10")]}


@pytest.mark.parametrize("name", topologies.all_topologies())
def test_it_starts_with_addresses_of_the_plan_only(name: str) -> None:
    allowed = [*DOCUMENTATION, *BESIDES.get(name, [])]
    with Stage(topologies.topology_named(name)()) as stage:
        stage.start()
        for node in stage.hosts:
            node.up()
        assert stage.settle()
        for node in stage.hosts:
            assert node.interfaces()
            for held in node.room.netlink.addresses():
                address = held.interface.ip
                if not address.is_loopback and not address.is_link_local:
                    assert any(address.version == net.version and address in net for net in allowed), address


@pytest.mark.parametrize("name", topologies.all_topologies())
def test_its_picture_names_every_node(name: str) -> None:
    topology = topologies.topology_named(name)
    for node in topology().nodes():
        assert node in (topology.__doc__ or ""), f"the picture of {name} lacks {node}"


@pytest.mark.parametrize("wrong", ["two-router", "two_routerz", "TwoRouters"])
def test_an_unknown_name_gets_the_nearest(wrong: str) -> None:
    with pytest.raises(topologies.UnknownTopology, match="did you mean two-routers"):
        topologies.topology_named(wrong)


def test_underscores_are_as_good_as_dashes() -> None:
    assert topologies.topology_named("two_routers") is TwoRouters


def test_dual_reaches_in_both_families() -> None:
    with Stage(Dual()) as stage:
        stage.start()
        assert stage.ping6() == 0.0
        for address in (plan.SERVER4, plan.NAME_SERVER4):
            assert "1 received" in stage.get("client").cmd(f"ping -n -c 1 -W 2 {address}")
