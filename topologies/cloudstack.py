"""CloudStack: VMs in a shared network of an advanced zone, with a rack router, a virtual router and a host outside."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network

from topologies.lan import ANYWHERE, numbered_names
from topologies.stage import addressing as plan
from topologies.stage.links import Route
from topologies.stage.topology import Topology

#: The prefixes that the administrator may give to the shared network: global, unique local (RFC 4193), and site-local,
#: which the document still knows (RFC 3879 deprecates it, and asks new implementations to treat it as global).
POOLS = {
    "global": plan.LAN,
    "unique-local": IPv6Network("fd00:c5:0:1::/64"),
    "site-local": IPv6Network("fec0:0:0:c5::/64"),
}
#: Which host of each prefix the rack router and the virtual router are.
RACK, VIRTUAL_ROUTER = 1, 2
VIRTUAL_ROUTER4 = IPv4Address("192.0.2.2")

#: What lies outside, by the same scopes.
OUTSIDE_NETS = {
    "global": plan.OUTSIDE_NET,
    "unique-local": IPv6Network("fd00:c5:0:f::/64"),
    "site-local": IPv6Network("fec0:0:0:f::/64"),
}
OUTSIDE = {scope: network[0x80] for scope, network in OUTSIDE_NETS.items()}


def rack(network: IPv6Network) -> IPv6Address:
    """The address of the rack router in a network."""
    return network.network_address + RACK


def virtual_router(network: IPv6Network) -> IPv6Address:
    """The address of the virtual router in a network."""
    return network.network_address + VIRTUAL_ROUTER


class Cloudstack(Topology):
    """
                shared
        guest  eth0 --+-- lan0 rack up0 ---- eth0 outside
        guest2 eth0 --+
        guest3 eth0 --+-- eth0 vr
        client eth0 --+
        twin   eth0 --+
               eth1 ----- lan0 rack2
                 shared2

    The twin is a VM with two NICs, the second in another shared network with a rack router of its own. VMs wait for
    their scenario. The rack router is the gateway, and nothing that CloudStack manages; the virtual router serves
    addresses and forwards nothing. Neither has an address in the shared network before that is created.
    """

    def build(self, guests: int = 3) -> None:
        self.segment("shared")
        self.router("rack")
        self.plug("rack", "lan0", "shared")
        self.router("vr")
        self.plug("vr", "eth0", "shared")
        for name in numbered_names("guest", guests):
            self.guest(name)
            self.plug(name, "eth0", "shared")
        self.segment("shared2")
        self.router("rack2")
        self.plug("rack2", "lan0", "shared2")
        self.guest("twin")
        self.plug("twin", "eth0", "shared")
        self.plug("twin", "eth1", "shared2")
        self.peer("client")
        self.plug("client", "eth0", "shared")
        self.peer("outside", routes=[Route(ANYWHERE, plan.OUTSIDE_ROUTER)])
        self.wire(
            "rack",
            "up0",
            "outside",
            "eth0",
            addresses1=[plan.on(network[RACK], network) for network in OUTSIDE_NETS.values()],
            addresses2=[plan.on(OUTSIDE[scope], network) for scope, network in OUTSIDE_NETS.items()],
        )
