"""Containers on two compute hosts that route between them over a fabric."""

from __future__ import annotations

from topologies import addressing as plan
from topologies.topology import Topology


class Containers(Topology):
    """
        c1 eth0 --- cali1 host1 fabric0 --+-- fabric0 host2 cali3 --- eth0 c3
        c2 eth0 --- cali2                 |
                                       fabric

    Each container has a veth of its own to its host and, once its link is raised, its address with the whole
    containers' prefix on-link. Which routes and which proxy answers make them reach each other is the play's to give:
    the hosts have their fabric addresses, and link-local addresses towards the containers.
    """

    def build(self) -> None:
        self.segment("fabric")
        for number, address in enumerate(plan.FABRIC_HOSTS, 1):
            self.compute_host(f"host{number}")
            self.plug(f"host{number}", "fabric0", "fabric", plan.on(address, plan.FABRIC))
        for (name, address), host in zip(plan.CONTAINER_ADDRESSES.items(), ("host1", "host1", "host2"), strict=True):
            self.guest(name)
            self.wire(host, f"cali{name[1:]}", name, "eth0", addresses2=[plan.on(address, plan.CONTAINERS)])
