"""The kinds of nodes: guests, peers, routers, compute hosts and segments.

What they have in common is in `stagenode`. Everything about IPv6 that is not said here is the kernel's default: DAD,
timers, accept_ra.
"""

from __future__ import annotations

from typing import Any

from mininet.node import Switch

from topologies.stage.stagenode import StageNode

BRIDGE, BRIDGE_INDEX = "br0", 2


class Guest(StageNode):
    """A virtual machine or container: a host that asks for its configuration as its kernel does by default."""

    SYSCTLS = {"net/ipv4/ip_forward": 0}


class Peer(StageNode):
    """A host that asks for nothing (accept_ra=0): for scripted peers and for observers."""

    SYSCTLS = {"net/ipv4/ip_forward": 0, "net/ipv6/conf/default/accept_ra": 0}


class VirtualRouter(StageNode):
    """A router: forwards IPv6 and IPv4 before it has its first link, so that it never behaves as a host."""

    SYSCTLS = {"net/ipv6/conf/all/forwarding": 1, "net/ipv4/ip_forward": 1}


class ComputeHost(VirtualRouter):
    """A compute host that routes between its containers and the fabric."""


class Segment(StageNode, Switch):
    """A transparent L2 switch: no spanning tree, no delay, no IP of its own, no firewall in the way.

    It floods multicast like a hub, unless `snooping` asks for MLD snooping (RFC 4541).
    """

    SYSCTLS = {
        "net/ipv6/conf/all/disable_ipv6": 1,
        "net/ipv6/conf/default/disable_ipv6": 1,
        "net/bridge/bridge-nf-call-ip6tables": 0,
        "net/bridge/bridge-nf-call-iptables": 0,
        "net/bridge/bridge-nf-call-arptables": 0,
    }
    bridge = BRIDGE_INDEX
    controlIntf = None
    listenPort = None
    opts = ""

    def __init__(self, name: str, *, snooping: bool = False, **params: Any) -> None:
        self.snooping = snooping
        StageNode.__init__(self, name, **params)

    def open(self) -> None:
        """Make the namespace and its bridge."""
        super().open()
        self.room.netlink.add_bridge(BRIDGE, BRIDGE_INDEX, snooping=self.snooping)

    def interface_name(self, port: int, other: StageNode) -> str:
        """A port is named after the node behind it, as far as 15 characters go."""
        name = f"{other.name}-{port}"
        return name if len(name) <= 15 else f"port{port}"

    def start(self, controllers: Any = ()) -> None:
        """Mininet's hook: nothing to do, the bridge has been up since it was made."""

    def stop(self, deleteIntfs: bool = True) -> None:
        """Mininet's hook: nothing to do, the bridge goes with its namespace."""

    def defaultDpid(self, dpid: str | None = None) -> str:
        """Mininet's hook: no OpenFlow, no datapath id."""
        return ""

    def connected(self) -> bool:
        return True
