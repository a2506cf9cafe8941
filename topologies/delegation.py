"""A router that asks for a prefix between the network that delegates it and a link of its own."""

from __future__ import annotations

from ipaddress import IPv6Network

from topologies.lan import ANYWHERE
from topologies.stage import addressing as plan
from topologies.stage.links import Route
from topologies.stage.topology import Topology

#: What is delegated out of: 16 prefixes of 56 bits.
DELEGATED = IPv6Network("2001:db8:d000::/52")


class Delegation(Topology):
    """
                                      access                   home
        outside eth0 ---- up0 router lan0 --+-- eth0 cpe lan0 --+-- eth0 host
                                   peer eth0 --+   peer2 eth0 --+

    The router knows no way to delegated prefixes: who delegates one, gives it a route. The host is a plain one: its
    kernel forms addresses from Router Advertisements. Its link waits for its scenario, and so does the peers'.
    """

    def build(self) -> None:
        self.segment("access")
        self.segment("home")
        self.router("router")
        self.plug("router", "lan0", "access", plan.on(plan.LAN_ROUTER, plan.LAN))
        self.router("cpe")
        self.plug("cpe", "eth0", "access")
        self.plug("cpe", "lan0", "home")
        self.guest("host")
        self.plug("host", "eth0", "home")
        for name, segment in (("peer", "access"), ("peer2", "home")):
            self.peer(name, held=True)
            self.plug(name, "eth0", segment)
        self.peer("outside", routes=[Route(ANYWHERE, plan.OUTSIDE_ROUTER)])
        self.wire("router", "up0", "outside", "eth0",
                  addresses1=[plan.on(plan.OUTSIDE_ROUTER, plan.OUTSIDE_NET)],
                  addresses2=[plan.on(plan.OUTSIDE, plan.OUTSIDE_NET)])
