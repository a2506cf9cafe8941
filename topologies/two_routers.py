"""Two routers on one LAN, and a host outside that is behind both."""

from __future__ import annotations

from topologies.lan import ANYWHERE, numbered_names
from topologies.stage import addressing as plan
from topologies.stage.links import Route
from topologies.stage.topology import Topology


class TwoRouters(Topology):
    """
                  lan                        backbone
        guest eth0 --+-- lan0 r1 up0 --+-- eth0 outside
        peer  eth0 --+-- lan0 r2 up0 --+
        peer2 eth0 --+

    The outside host answers through r1; a route through r2 stands by with a higher metric, for scenarios to use.
    """

    def build(self, guests: int = 1, peers: int = 2) -> None:
        self.segment("lan")
        self.segment("backbone")
        inside, outside = (plan.LAN_ROUTER, plan.LAN_ROUTER2), (plan.OUTSIDE_ROUTER, plan.OUTSIDE_ROUTER2)
        for name, near, far in zip(("r1", "r2"), inside, outside, strict=True):
            self.router(name)
            self.plug(name, "lan0", "lan", plan.on(near, plan.LAN))
            self.plug(name, "up0", "backbone", plan.on(far, plan.OUTSIDE_NET))
        for name in numbered_names("guest", guests):
            self.guest(name)
            self.plug(name, "eth0", "lan")
        for name in numbered_names("peer", peers):
            self.peer(name, held=True)
            self.plug(name, "eth0", "lan")
        self.peer("outside", routes=[Route(ANYWHERE, via, metric=1024 * rank) for rank, via in enumerate(outside, 1)])
        self.plug("outside", "eth0", "backbone", plan.on(plan.OUTSIDE, plan.OUTSIDE_NET))
