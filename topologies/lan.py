"""A LAN: guests and peers on one segment with a router, and a host outside."""

from __future__ import annotations

from ipaddress import IPv6Network

from topologies.stage import addressing as plan
from topologies.stage.links import Route
from topologies.stage.topology import Topology

ANYWHERE = IPv6Network("::/0")


class Lan(Topology):
    """
                 lan
        guest eth0 --+-- lan0 router up0 ----- eth0 outside
        peer  eth0 --+
        peer2 eth0 --+

    Guests wait for their scenario; their addresses come from the router. Peers have link-local
    addresses only, and their links stay down until somebody takes their place.
    `guests` and `peers` are how many there are of each (guest, guest2, ...), `nics` how many interfaces each guest has
    on the segment.
    """

    def build(self, guests: int = 1, peers: int = 2, nics: int = 1) -> None:
        self.segment("lan")
        self.router("router")
        self.plug("router", "lan0", "lan", plan.on(plan.LAN_ROUTER, plan.LAN))
        for name in numbered_names("guest", guests):
            self.guest(name)
            for nic in range(nics):
                self.plug(name, f"eth{nic}", "lan")
        for name in numbered_names("peer", peers):
            self.peer(name, held=True)
            self.plug(name, "eth0", "lan")
        self.peer("outside", routes=[Route(ANYWHERE, plan.OUTSIDE_ROUTER)])
        self.wire("router", "up0", "outside", "eth0",
                  addresses1=[plan.on(plan.OUTSIDE_ROUTER, plan.OUTSIDE_NET)],
                  addresses2=[plan.on(plan.OUTSIDE, plan.OUTSIDE_NET)])


def numbered_names(name: str, count: int) -> list[str]:
    """`guest`, `guest2`, `guest3`, ..."""
    return [name if number == 1 else f"{name}{number}" for number in range(1, count + 1)]
