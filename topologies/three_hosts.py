"""Three compute hosts on a fabric with a border router, with addresses of both versions; no workload is there yet."""

from __future__ import annotations

from topologies.dual import ANYWHERE4
from topologies.stage import addressing as plan
from topologies.stage.links import Route
from topologies.stage.topology import Topology

#: By host: its address on the fabric, and the one of IPv4.
HOSTS = {f"host{number}": plan.FABRIC[number] for number in (1, 2, 3)}
HOSTS4 = {f"host{number}": plan.LAN4[0x10 + number] for number in (1, 2, 3)}
#: Where everything else is.
GATEWAY = plan.FABRIC[0xB]


class ThreeHosts(Topology):
    """
        host1 fabric0 --+
        host2 fabric0 --+-- fabric0 border
        host3 fabric0 --+
                      fabric

    Each host has a default route of IPv4; that of IPv6 is the play's to give.
    """

    def build(self) -> None:
        self.segment("fabric")
        self.router("border")
        self.plug("border", "fabric0", "fabric", plan.on(GATEWAY, plan.FABRIC), plan.on4(plan.LAN4_ROUTER, plan.LAN4))
        for host, address in HOSTS.items():
            self.compute_host(host, routes=[Route(ANYWHERE4, plan.LAN4_ROUTER)])
            self.plug(host, "fabric0", "fabric", plan.on(address, plan.FABRIC), plan.on4(HOSTS4[host], plan.LAN4))
