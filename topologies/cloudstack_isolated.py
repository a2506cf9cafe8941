"""CloudStack: VMs in isolated networks behind virtual routers that route, and two hosts outside."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network

from topologies.lan import ANYWHERE
from topologies.stage import addressing as plan
from topologies.stage.links import Route
from topologies.stage.topology import Topology

#: Where the other host outside is: in a network of its own.
STRANGERS = IPv6Network("2001:db8:e::/64")
STRANGER = IPv6Address("2001:db8:e::80")
#: By virtual router: the network behind it, its address there, and its addresses outside.
ROUTERS = {"vr": (plan.LAN, plan.LAN_ROUTER, (plan.OUTSIDE_ROUTER, STRANGERS[1])),
           "vr2": (plan.LAN2, plan.LAN2_ROUTER, (plan.OUTSIDE_ROUTER2, STRANGERS[2]))}
NETWORKS = ("isolated", "isolated2")
#: By VM and interface: its address. The twin has a NIC in each network.
ADDRESSES = {("vm", "eth0"): plan.LAN[0x11], ("vm2", "eth0"): plan.LAN[0x12], ("twin", "eth0"): plan.LAN[0x13],
             ("twin", "eth1"): plan.LAN2[0x13]}


class CloudstackIsolated(Topology):
    """
        vm   eth0 --+-- eth0 vr  eth2 --+-- eth0 outside
        vm2  eth0 --+                   +-- eth0 stranger
        twin eth0 --+                   |
             eth1 ------ eth0 vr2 eth2 --+
                  isolated, isolated2    public

    Isolated networks have IPv6 since CloudStack 4.17: their virtual routers forward, unlike that of a shared network.
    VMs wait for their scenario. The outside has the routes to the networks that the administrator has to add there.
    """

    def build(self) -> None:
        self.segment("public")
        for segment, (name, (network, address, public)) in zip(NETWORKS, ROUTERS.items(), strict=True):
            self.segment(segment)
            self.router(name)
            self.plug(name, "eth0", segment, plan.on(address, network))
            self.plug(name, "eth2", "public", plan.on(public[0], plan.OUTSIDE_NET), plan.on(public[1], STRANGERS))
        for vm in dict.fromkeys(vm for vm, _ in ADDRESSES):
            self.guest(vm)
        for vm, interface in ADDRESSES:
            self.plug(vm, interface, NETWORKS[int(interface == "eth1")])
        for name, address, net, first, second in (
                ("outside", plan.OUTSIDE, plan.OUTSIDE_NET, plan.OUTSIDE_ROUTER, plan.OUTSIDE_ROUTER2),
                ("stranger", STRANGER, STRANGERS, STRANGERS[1], STRANGERS[2])):
            self.peer(name, routes=[Route(ANYWHERE, first), Route(plan.LAN2, second)])
            self.plug(name, "eth0", "public", plan.on(address, net))
