"""A guest with three interfaces on three LANs, each with a router of its own."""

from __future__ import annotations

from topologies.stage import addressing as plan
from topologies.stage.topology import Topology


class ThreeNics(Topology):
    """
                   lan1
        guest eth0 --+-- lan0 r1
              eth1 --+-- lan0 r2      (lan2)
              eth2 --+-- lan0 r3      (lan3)

    `nics` is how many interfaces, LANs and routers there are, at most three. A peer is on the first LAN.
    """

    def build(self, nics: int = 3) -> None:
        self.guest("guest")
        for number, (network, router) in enumerate(plan.LANS[:nics], 1):
            self.segment(f"lan{number}")
            self.router(f"r{number}")
            self.plug(f"r{number}", "lan0", f"lan{number}", plan.on(router, network))
            self.plug("guest", f"eth{number - 1}", f"lan{number}")
        self.peer("peer", held=True)
        self.plug("peer", "eth0", "lan1")
