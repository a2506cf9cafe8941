"""A LAN of both families with three guests, and a dual-stack host behind its router."""

from __future__ import annotations

from topologies.dual import ANYWHERE4
from topologies.lan import ANYWHERE, numbered_names
from topologies.stage import addressing as plan
from topologies.stage.links import Route
from topologies.stage.topology import Topology


class DualLan(Topology):
    """
                  lan
        guest  eth0 --+-- lan0 router up0 ----- eth0 outside
        guest2 eth0 --+
        guest3 eth0 --+

    Guests wait for their scenario; what they have of either family comes from the router.
    """

    def build(self, guests: int = 3) -> None:
        self.segment("lan")
        self.router("router")
        self.plug("router", "lan0", "lan", plan.on(plan.LAN_ROUTER, plan.LAN), plan.on4(plan.LAN4_ROUTER, plan.LAN4))
        for name in numbered_names("guest", guests):
            self.guest(name)
            self.plug(name, "eth0", "lan")
        self.peer("outside", routes=[Route(ANYWHERE, plan.OUTSIDE_ROUTER), Route(ANYWHERE4, plan.OUTSIDE4_ROUTER)])
        self.wire("router", "up0", "outside", "eth0",
                  addresses1=[plan.on(plan.OUTSIDE_ROUTER, plan.OUTSIDE_NET),
                              plan.on4(plan.OUTSIDE4_ROUTER, plan.OUTSIDE4_NET)],
                  addresses2=[plan.on(plan.OUTSIDE, plan.OUTSIDE_NET), plan.on4(plan.OUTSIDE4, plan.OUTSIDE4_NET)])
