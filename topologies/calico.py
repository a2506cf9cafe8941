"""Calico: VMs behind taps of compute hosts that route, a fabric between the hosts, a border and a host outside."""

from __future__ import annotations

from ipaddress import IPv6Address

from topologies import addressing as plan
from topologies.lan import ANYWHERE
from topologies.links import Route
from topologies.topology import Topology

#: Where the border router is on the fabric.
BORDER = IPv6Address("fd00:5e:fab::b")
#: By host: its VMs, the number of each being that of its tap.
VMS = {"host1": ("vm1", "vm2"), "host2": ("vm3",)}


class Calico(Topology):
    """
        vm1 eth0 --link1-- tap1 host1 fabric0 --+-- fabric0 border up0 --- eth0 outside
        vm2 eth0 --link2-- tap2                 |
        vm3 eth0 --link3-- tap3 host2 fabric0 --+
                                              fabric

    VMs wait for their scenario and get everything from their host. Each VM has a link of its own, a segment because a
    tap has its carrier from the hypervisor, before the VM's kernel runs. Taps have a link-local address only. Hosts
    and border know no route but their own links': routes are the play's to give.
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
                self.plug(host, f"tap{vm[2:]}", f"link{vm[2:]}")
                self.plug(vm, "eth0", f"link{vm[2:]}")
