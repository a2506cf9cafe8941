"""oVirt: an engine, two hosts and a storage on a management network without IPv4, and a network for the hosts' VMs."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network

from topologies.lan import ANYWHERE
from topologies.stage import addressing as plan
from topologies.stage.links import Route
from topologies.stage.topology import Topology

MANAGEMENT = IPv6Network("2001:db8:51::/64")
ROUTER, ENGINE, USER = (IPv6Address(f"2001:db8:51::{number}") for number in ("1", "e", "5"))
STORAGE, NAME_SERVER = (IPv6Address(f"2001:db8:51::{number}") for number in ("20", "53"))
#: What the hosts' bridges get.
HOSTS = {"host1": IPv6Address("2001:db8:51::11"), "host2": IPv6Address("2001:db8:51::12")}
#: The bridge that the document calls so, and the interface that becomes its port.
BRIDGE, PORT = "ovirtmgmt", "eth0"


class Ovirt(Topology):
    """
        user    eth0 --+-- eth0 host1 eth1 ---+--- eth0 observer
        engine  eth0 --+-- eth0 host2 eth1 ---+
        storage eth0 --+                   display
        dns     eth0 --+-- mgmt0 router up0 ------ eth0 outside
                  management

    Nobody has an IPv4 address. The hosts have none at all at first: that eth0 becomes the port of the bridge ovirtmgmt,
    and that this gets an address, is the play's to do; so is whatever the network `display` is for.
    """

    def build(self) -> None:
        for segment in ("management", "display"):
            self.segment(segment)
        self.router("router")
        self.plug("router", "mgmt0", "management", plan.on(ROUTER, MANAGEMENT))
        self.peer("outside", routes=[Route(ANYWHERE, plan.OUTSIDE_ROUTER)])
        self.wire("router", "up0", "outside", "eth0",
                  addresses1=[plan.on(plan.OUTSIDE_ROUTER, plan.OUTSIDE_NET)],
                  addresses2=[plan.on(plan.OUTSIDE, plan.OUTSIDE_NET)])
        for name, address in (("engine", ENGINE), ("user", USER), ("storage", STORAGE), ("dns", NAME_SERVER)):
            self.peer(name)
            self.plug(name, "eth0", "management", plan.on(address, MANAGEMENT))
        for name in HOSTS:
            self.peer(name)
            self.plug(name, PORT, "management")
            self.plug(name, "eth1", "display")
        self.peer("observer")
        self.plug("observer", "eth0", "display")
