"""Clearwater: two nodes installed by hand, an all-in-one image, and an operator with a telephone, on one network."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from topologies.stage import addressing as plan
from topologies.stage.topology import Topology

#: The addresses of both families that each node has; which of them it uses is its configuration's to say.
BONO, SPROUT, OPERATOR = "bono", "sprout", "operator"
HOSTS: dict[str, tuple[IPv6Address, IPv4Address]] = {
    BONO: (IPv6Address("2001:db8:1::b0"), IPv4Address("192.0.2.11")),
    SPROUT: (IPv6Address("2001:db8:1::51"), IPv4Address("192.0.2.12")),
    OPERATOR: (IPv6Address("2001:db8:1::0e"), IPv4Address("192.0.2.13")),
}


class Clearwater(Topology):
    """
                    ims
        guest    eth0 --+-- lan0 router
        bono     eth0 --+
        sprout   eth0 --+
        operator eth0 --+

    guest is the all-in-one image: it waits for its scenario, and has nothing but what the router gives. bono is the
    edge of the deployment that was installed by hand, sprout its core. The router is the name server too.
    """

    def build(self) -> None:
        self.segment("ims")
        self.router("router")
        self.plug("router", "lan0", "ims", plan.on(plan.LAN_ROUTER, plan.LAN), plan.on4(plan.LAN4_ROUTER, plan.LAN4))
        self.guest("guest")
        self.plug("guest", "eth0", "ims")
        for name, (ipv6, ipv4) in HOSTS.items():
            self.peer(name)
            self.plug(name, "eth0", "ims", plan.on(ipv6, plan.LAN), plan.on4(ipv4, plan.LAN4))
