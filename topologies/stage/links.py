"""Links of the stage: veth pairs made by one netlink request, with the MAC addresses that the plan gives them.

Mininet's own Link runs `ip` and `ifconfig` in a shell of every node; these never start a process.
"""

from __future__ import annotations

import fcntl
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mininet.link import Intf, Link

from linux.netlink import IFF_UP
from topologies.stage.addressing import mac_of
from topologies.stage.netlink import Address, End, Interface, Network
from topologies.stage.offload import switch_off
from topologies.stage.rooms import Room

#: IPv6 over Ethernet (RFC 2464 section 2), bytes.
MTU = 1500
_SIOCGIFFLAGS = 0x8913
#: Added to the ifindex of a bridge's port. A veth whose index equals its peer's would learn of its carrier up to a
#: second late, because the kernel (linkwatch) hurries only for links whose peer has another index.
PORT_INDEX = 1000


@dataclass(frozen=True)
class Route:
    """A static route that a node has from the start. `via` is a router, `dev` an interface name of the node."""

    destination: Network
    via: Address | None = None
    dev: str | None = None
    metric: int | None = None


class Holder(Protocol):
    """The node at one end of a link, as the link sees it. `bridge` is the ifindex of a segment's bridge, else None."""

    name: str
    bridge: int | None

    @property
    def powered(self) -> bool:
        """Whether it has its namespaces."""

    @property
    def room(self) -> Room:
        """Its namespaces. Raises RoomClosed where it is powered off."""

    def newPort(self) -> int:
        """The next free port (Mininet)."""

    def addIntf(self, intf: Any, *, port: int, moveIntfFn: Any) -> None:
        """Take an end at a port (Mininet)."""

    def delIntf(self, intf: Any) -> None:
        """Forget an end (Mininet)."""

    def interface_name(self, port: int, other: Any) -> str:
        """The name of the interface at this port where the topology gives none."""

    def add_routes(self, intf: Any) -> None:
        """Add the static routes that leave by this interface."""


class StageIntf(Intf):
    """One end of a link, in its node's namespace. `addresses` are given to it whenever it is raised.

    `nodad` skips duplicate address detection for them: only where a requirement is about that. A `held` end stays down
    when its node's links are raised together.
    """

    def __init__(self, name: str, node: Holder, *, port: int, link: StageLink, taken: set[str],
                 mac: str | None = None, addresses: Sequence[Interface] = (), nodad: bool = False,
                 held: bool = False, mtu: int = MTU) -> None:
        self.name, self.node = name, node
        self.link: StageLink | None = link
        self.raised, self.held = False, held
        self.mac = mac or _free_mac(node.name, name, taken)
        taken.add(self.mac)
        self.addresses, self.nodad, self.mtu = tuple(addresses), nodad, mtu
        self.index = port + (PORT_INDEX if node.bridge is not None else 2)
        self.params: dict[str, Any] = {}
        self.ip: str | None = str(self.addresses[0].ip) if self.addresses else None
        self.prefixLen = self.addresses[0].network.prefixlen if self.addresses else None
        node.addIntf(self, port=port, moveIntfFn=lambda *_: None)

    @property
    def end(self) -> End:
        """What netlink needs to make this end."""
        return End(self.name, self.mac, self.mtu, self.index)

    @property
    def connected(self) -> bool:
        """Whether the other end is up: then this one has a carrier as soon as it is raised."""
        if self.link is None:
            return False
        far = self.link.other(self.node)
        return far.node.bridge is not None or far.raised

    def reaches(self, address: Address | None) -> bool:
        """Whether the address is on the prefix of one of its static addresses."""
        return address is not None and any(address in mine.network for mine in self.addresses)

    def up(self) -> None:
        """Raise it, then give it its addresses and its node the routes that need it. Raises NetlinkError."""
        netlink = self.node.room.netlink
        netlink.set_link(self.index, up=True)
        self.raised = True
        for address in self.addresses:
            netlink.add_address(self.index, address, nodad=self.nodad)
        self.node.add_routes(self)

    def down(self) -> None:
        """Take it down; the kernel then drops its IPv6 addresses and routes."""
        self.raised = False
        self.node.room.netlink.set_link(self.index, up=False)

    def ifconfig(self, *args: str) -> str:
        """What Mininet's `link` command and others ask for: `up` and `down` by netlink, the rest by ifconfig."""
        if args in (("up",), ("down",)):
            self.up() if args == ("up",) else self.down()
            return ""
        return str(super().ifconfig(*args))

    def isUp(self, setUp: bool = False) -> bool:
        """Whether the link is up; with `setUp` raise it."""
        if setUp:
            self.up()
        request = struct.pack("16s24x", self.name.encode())
        flags = struct.unpack_from("=H", fcntl.ioctl(self.node.room.netlink, _SIOCGIFFLAGS, request), 16)[0]
        return bool(flags & IFF_UP)

    def updateIP(self) -> str | None:
        """The address that Mininet's CLI puts in place of the node's name, a global one if there is one."""
        held = [one.interface.ip for one in self.node.room.netlink.addresses() if one.index == self.index]
        held.sort(key=lambda address: (address.is_link_local, address.version == 4))
        self.ip = str(held[0]) if held else None
        return self.ip

    def updateMAC(self) -> str:
        return self.mac

    def updateAddr(self) -> tuple[str | None, str]:
        return self.updateIP(), self.mac

    def delete(self) -> None:
        """Delete the link."""
        if self.node.powered:
            self.node.room.netlink.delete_link(self.index)
        self.node.delIntf(self)
        self.link = None


def _free_mac(node: str, interface: str, taken: set[str]) -> str:
    return next(mac for attempt in range(1 << 24) if (mac := mac_of(node, interface, attempt)) not in taken)


class StageLink(Link):
    """A veth pair between two nodes, made anew when a node is powered on again."""

    def __init__(self, node1: Holder, node2: Holder, *, port1: int | None = None, port2: int | None = None,
                 intfName1: str | None = None, intfName2: str | None = None, params1: dict[str, Any] | None = None,
                 params2: dict[str, Any] | None = None, taken: set[str] | None = None, **both: Any) -> None:
        """Make the link. Params are those of StageIntf; `taken` are the MAC addresses of the stage so far."""
        taken = set() if taken is None else taken
        port1 = node1.newPort() if port1 is None else port1
        port2 = node2.newPort() if port2 is None else port2
        name1 = intfName1 or node1.interface_name(port1, node2)
        name2 = intfName2 or node2.interface_name(port2, node1)
        self.intf1 = StageIntf(name1, node1, port=port1, link=self, taken=taken, **{**both, **(params1 or {})})
        self.intf2 = StageIntf(name2, node2, port=port2, link=self, taken=taken, **{**both, **(params2 or {})})
        if self.intf1.index == self.intf2.index:
            self.intf2.index += PORT_INDEX
        self.make()

    def make(self) -> None:
        """Make the veth pair: both ends down, but for a bridge's port, which is up and waits for its carrier."""
        near, far = self.intf1, self.intf2
        if far.node.bridge is not None:
            near, far = far, near
        netlink = near.node.room.netlink
        netlink.add_veth(near.end, far.end, far.node.room.net, master=near.node.bridge, up=near.node.bridge is not None)
        for intf in (near, far):
            switch_off(intf.node.room.netlink.fileno(), intf.name)
        if far.node.bridge is not None:  # two segments
            far.node.room.netlink.set_link(far.index, up=True, master=far.node.bridge)

    def other(self, node: Holder) -> StageIntf:
        """The end that is not at this node."""
        return self.intf2 if self.intf1.node is node else self.intf1

    def stop(self) -> None:
        """Nothing to do: the link goes with its namespaces."""
