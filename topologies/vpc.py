"""VPC: instances behind taps of two compute hosts that route, a border to the Internet, and a branch office."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from topologies.dual import ANYWHERE4
from topologies.lan import ANYWHERE
from topologies.stage import addressing as plan
from topologies.stage.links import Route
from topologies.stage.topology import Topology

#: What the cloud gives /64 prefixes from, and the IPv4 block of the VPC with its two subnets.
BLOCK = IPv6Network("2001:db8:ec::/48")
BLOCK4 = IPv4Network("192.0.2.0/24")
SUBNETS4 = {"a": IPv4Network("192.0.2.0/25"), "b": IPv4Network("192.0.2.128/25")}
#: Public IPv4 addresses (EIP).
EIPS = IPv4Network("203.0.113.0/25")
#: A network that only the instances fw1 and fw2 are connected to, and the addresses of the host there.
BRANCH = IPv6Network("2001:db8:ed::/48")
BRANCH_HOST = (IPv6Address("2001:db8:ed:1::80"), IPv6Address("2001:db8:ed:1::81"), IPv6Address("2001:db8:ed:2::80"))
BRANCH4 = IPv4Network("203.0.113.128/25")
BRANCH4_HOST = IPv4Address("203.0.113.180")
#: Instances on the branch network.
APPLIANCES = {"fw1": (IPv6Address("2001:db8:ed::1"), IPv4Address("203.0.113.129")),
              "fw2": (IPv6Address("2001:db8:ed::2"), IPv4Address("203.0.113.130"))}
#: By tap: host, instance and its interface. The last one is an extension NIC.
PORTS = {"tap1": ("host1", "web", "eth0"), "tap2": ("host1", "db", "eth0"), "tap3": ("host1", "old", "eth0"),
         "tap4": ("host2", "fw1", "eth0"), "tap5": ("host2", "fw2", "eth0"), "tap6": ("host2", "fw2", "eth2")}


class Vpc(Topology):
    """
        web eth0 --link1-- tap1 host1 fabric0 --+-- fabric0 border up0 --- eth0 outside
        db  eth0 --link2-- tap2                 |
        old eth0 --link3-- tap3                 |
        fw1 eth0 --------- tap4 host2 fabric0 --+          fw1 eth1 --+-- eth0 branch
        fw2 eth0 --------- tap5                            fw2 eth1 --+
        fw2 eth2 --------- tap6                           branch-lan

    Instances wait for their scenario. Each NIC has a link of its own to its host, on host1 a segment, because a tap
    has its carrier before the instance's kernel runs, and guest clients boot there. `old` is an instance of a flavour
    without IPv6. Hosts and border know no route but their own links': routes, filters and address translation are the
    control plane's to give.
    """

    def build(self) -> None:
        self.segment("fabric")
        self.segment("branch-lan")
        self.router("border")
        self.plug("border", "fabric0", "fabric", plan.on(IPv6Address("fd00:5e:fab::b"), plan.FABRIC))
        self.peer("outside", routes=[Route(ANYWHERE, plan.OUTSIDE_ROUTER), Route(ANYWHERE4, plan.OUTSIDE4_ROUTER)])
        self.wire("border", "up0", "outside", "eth0",
                  addresses1=[plan.on(plan.OUTSIDE_ROUTER, plan.OUTSIDE_NET),
                              plan.on4(plan.OUTSIDE4_ROUTER, plan.OUTSIDE4_NET)],
                  addresses2=[plan.on(plan.OUTSIDE, plan.OUTSIDE_NET), plan.on4(plan.OUTSIDE4, plan.OUTSIDE4_NET)])
        back, back4 = APPLIANCES["fw2"]
        self.peer("branch", routes=[Route(ANYWHERE, back), Route(ANYWHERE4, back4)])
        self.plug("branch", "eth0", "branch-lan", *(plan.on(address, BRANCH) for address in BRANCH_HOST),
                  plan.on4(BRANCH4_HOST, BRANCH4))
        for host, address in zip(("host1", "host2"), plan.FABRIC_HOSTS, strict=True):
            self.compute_host(host)
            self.plug(host, "fabric0", "fabric", plan.on(address, plan.FABRIC))
        for instance in ("web", "db", "old", "fw1", "fw2"):
            self.guest(instance)
        for tap, (host, instance, interface) in PORTS.items():
            if host == "host2":
                self.wire(host, tap, instance, interface)
                continue
            link = f"link{tap[3:]}"
            self.segment(link)
            self.plug(host, tap, link)
            self.plug(instance, interface, link)
        for instance, (address, address4) in APPLIANCES.items():
            self.plug(instance, "eth1", "branch-lan", plan.on(address, BRANCH), plan.on4(address4, BRANCH4))
