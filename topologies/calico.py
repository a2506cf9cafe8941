"""Calico: VMs behind taps and containers behind veths of compute hosts that route, a fabric, a border, and outside."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network

from topologies.lan import ANYWHERE
from topologies.stage import addressing as plan
from topologies.stage.links import Route
from topologies.stage.topology import Topology

#: Where the border router is on the fabric.
BORDER = IPv6Address("fd00:5e:fab::b")
#: Who routes: by name, its address on the fabric.
ROUTERS = {"host1": plan.FABRIC_HOSTS[0], "host2": plan.FABRIC_HOSTS[1], "border": BORDER}
#: By host: its VMs, the number of each being that of its tap.
VMS = {"host1": ("vm1", "vm2"), "host2": ("vm3",)}
#: By container: its hosts, the number of each being that of its veth on the host; c2 has a veth on both.
CONTAINERS = {"c1": ("host1",), "c2": ("host1", "host2"), "c3": ("host2",)}
#: The network of the VMs, and that of the containers.
NETWORK, WORKLOADS = plan.LAN, IPv6Network("2001:db8:ca::/64")
ADDRESSES = {name: WORKLOADS[0xC0 + number] for number, name in enumerate(CONTAINERS, 1)}


def tap_mac(vm: str) -> str:
    """The MAC address of a VM's tap, the same on every host: the hypervisor makes it of the VM's own (fe:...)."""
    return "fe" + plan.mac_of(vm, "eth0")[2:]


class Calico(Topology):
    """
        vm1 eth0 --link1-- tap1 host1 fabric0 --+-- fabric0 border up0 --- eth0 outside
               (tap1 of host2 as well)          |
        vm2 eth0 --link2-- tap2                 |
        c1  eth0 --------- cali1                |
        c2  eth0 --------- cali2                |
        vm3 eth0 --link3-- tap3 host2 fabric0 --+
        c2  eth1 --------- cali2                |
        c3  eth0 --------- cali3              fabric

    VMs wait for their scenario and get everything from their host. Each VM has a link of its own, a segment because a
    tap has its carrier from the hypervisor, before the VM's kernel runs; vm1 may move, so host2 has a tap for it too,
    which is down. A container's address is on its interface before it starts: its link is raised with
    it. Taps and veths have a link-local address only. Hosts and border know no route but their own links': routes are
    the play's to give.
    """

    def build(self) -> None:
        self.segment("fabric")
        self.router("border")
        self.plug("border", "fabric0", "fabric", plan.on(BORDER, plan.FABRIC))
        self.peer("outside", routes=[Route(ANYWHERE, plan.OUTSIDE_ROUTER)])
        self.wire(
            "border",
            "up0",
            "outside",
            "eth0",
            addresses1=[plan.on(plan.OUTSIDE_ROUTER, plan.OUTSIDE_NET)],
            addresses2=[plan.on(plan.OUTSIDE, plan.OUTSIDE_NET)],
        )
        for (host, vms), address in zip(VMS.items(), plan.FABRIC_HOSTS, strict=True):
            self.compute_host(host)
            self.plug(host, "fabric0", "fabric", plan.on(address, plan.FABRIC))
            for vm in vms:
                self.guest(vm)
                self.segment(f"link{vm[2:]}")
                self.plug(host, f"tap{vm[2:]}", f"link{vm[2:]}", mac=tap_mac(vm))
                self.plug(vm, "eth0", f"link{vm[2:]}")
        self.plug("host2", "tap1", "link1", mac=tap_mac("vm1"), held=True)
        for name, hosts in CONTAINERS.items():
            self.guest(name)
            for number, host in enumerate(hosts):
                mine = [plan.on(ADDRESSES[name], WORKLOADS)]
                self.wire(host, f"cali{name[1:]}", name, f"eth{number}", addresses2=mine)
