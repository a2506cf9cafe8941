"""A guest between two LANs, each with its own router, and one outside host behind both routers."""

from __future__ import annotations

from topologies.stage import addressing as plan
from topologies.stage.links import Route
from topologies.stage.topology import Topology


class TwoLans(Topology):
    """
                    lan1                      backbone
        guest eth0 --+-- lan0 r1 up0 --+-- eth0 outside
              eth1 --+-- lan0 r2 up0 --+
                    lan2

    The outside host reaches each LAN through that LAN's router. A peer is on each LAN: peer (lan1), peer2 (lan2).
    """

    def build(self) -> None:
        self.segment("backbone")
        self.guest("guest")
        uplinks = (plan.OUTSIDE_ROUTER, plan.OUTSIDE_ROUTER2)
        for number, ((network, router), uplink) in enumerate(zip(plan.LANS, uplinks, strict=False), 1):
            self.segment(f"lan{number}")
            self.router(f"r{number}")
            self.plug(f"r{number}", "lan0", f"lan{number}", plan.on(router, network))
            self.plug(f"r{number}", "up0", "backbone", plan.on(uplink, plan.OUTSIDE_NET))
            self.plug("guest", f"eth{number - 1}", f"lan{number}")
        for name, segment in (("peer", "lan1"), ("peer2", "lan2")):
            self.peer(name, held=True)
            self.plug(name, "eth0", segment)
        self.peer("outside", routes=[
            Route(network, uplink) for (network, _), uplink in zip(plan.LANS, uplinks, strict=False)])
        self.plug("outside", "eth0", "backbone", plan.on(plan.OUTSIDE, plan.OUTSIDE_NET))
