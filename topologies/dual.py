"""A dual-stack client, and a dual-stack server and a name server behind a router."""

from __future__ import annotations

from ipaddress import IPv4Network

from topologies.lan import ANYWHERE
from topologies.stage import addressing as plan
from topologies.stage.links import Route
from topologies.stage.topology import Topology

ANYWHERE4 = IPv4Network("0.0.0.0/0")


class Dual(Topology):
    """
                    lan                        services
        client eth0 --+-- lan0 router srv0 --+-- eth0 server
                                             +-- eth0 dns

    Every address and route of both families is configured by hand and there from the start, so that nothing but the
    application decides what is used.
    """

    def build(self) -> None:
        self.segment("lan")
        self.segment("services")
        self.router("router")
        self.plug("router", "lan0", "lan", plan.on(plan.LAN_ROUTER, plan.LAN), plan.on4(plan.LAN4_ROUTER, plan.LAN4))
        self.plug("router", "srv0", "services", plan.on(plan.OUTSIDE_ROUTER, plan.OUTSIDE_NET),
                  plan.on4(plan.OUTSIDE4_ROUTER, plan.OUTSIDE4_NET))
        self.peer("client", routes=[Route(ANYWHERE, plan.LAN_ROUTER), Route(ANYWHERE4, plan.LAN4_ROUTER)])
        self.plug("client", "eth0", "lan", plan.on(plan.LAN_CLIENT, plan.LAN), plan.on4(plan.LAN4_CLIENT, plan.LAN4))
        for name, address, address4 in (("server", plan.SERVER, plan.SERVER4),
                                        ("dns", plan.NAME_SERVER, plan.NAME_SERVER4)):
            self.peer(name, routes=[Route(ANYWHERE, plan.OUTSIDE_ROUTER), Route(ANYWHERE4, plan.OUTSIDE4_ROUTER)])
            self.plug(name, "eth0", "services", plan.on(address, plan.OUTSIDE_NET),
                      plan.on4(address4, plan.OUTSIDE4_NET))
