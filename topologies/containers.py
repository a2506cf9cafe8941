"""Containers on two compute hosts that route between them over a fabric."""

from __future__ import annotations

from ipaddress import IPv6Interface

from topologies.stage import addressing as plan
from topologies.stage.topology import Topology


class Containers(Topology):
    """
        c1 eth0 ---+--- cali1 host1 fabric0 --+-- fabric0 host2 cali3 --- eth0 c3
        peer eth0 -+link1                     |
        c2 eth0 ------- cali2                 |
        c4 eth0 ------- cali4                 |                 cali4 --- eth1 c4
                                           fabric

    Each container has a veth to its host and, once its link is raised, its address with the whole containers' prefix
    on-link; c4 has one to each host, to be raised where it lives at the moment. c1 shares its link with a peer.
    Which routes and which proxy answers make them reach each other is the play's to give: the hosts have their fabric
    addresses, and link-local addresses towards the containers.
    """

    def build(self) -> None:
        for segment in ("fabric", "link1"):
            self.segment(segment)
        for number, address in enumerate(plan.FABRIC_HOSTS, 1):
            self.compute_host(f"host{number}")
            self.plug(f"host{number}", "fabric0", "fabric", plan.on(address, plan.FABRIC))
        for name in plan.CONTAINER_ADDRESSES:
            self.guest(name)
        self.plug("host1", "cali1", "link1")
        self.plug("c1", "eth0", "link1", _address("c1"))
        self.peer("peer", held=True)
        self.plug("peer", "eth0", "link1")
        for host, name, interface in (("host1", "c2", "eth0"), ("host2", "c3", "eth0"), ("host1", "c4", "eth0"),
                                      ("host2", "c4", "eth1")):
            self.wire(host, f"cali{name[1:]}", name, interface, addresses2=[_address(name)])


def _address(container: str) -> IPv6Interface:
    return plan.on(plan.CONTAINER_ADDRESSES[container], plan.CONTAINERS)
