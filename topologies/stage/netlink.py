"""The few rtnetlink requests that the stage needs, packed by hand: one message each, acknowledged by the kernel.

Layouts are those of linux/rtnetlink.h, if_link.h and if_addr.h. A socket belongs to the network namespace that it was
opened in, whichever thread uses it later; requests are serialized by a lock.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
import threading
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network, ip_interface

from linux.netlink import (
    IFA_ADDRESS,
    IFA_F_DADFAILED,
    IFA_F_NODAD,
    IFA_F_TENTATIVE,
    IFA_FLAGS,
    IFA_LOCAL,
    IFF_UP,
    IFLA_ADDRESS,
    IFLA_IFNAME,
    IFLA_INFO_DATA,
    IFLA_INFO_KIND,
    IFLA_LINKINFO,
    IFLA_MASTER,
    IFLA_MTU,
    IFLA_NET_NS_FD,
    NLM_F_CREATE,
    NLM_F_DUMP,
    NLM_F_EXCL,
    NLM_F_REPLACE,
    NLMSG_DONE,
    RTM_DELLINK,
    RTM_GETADDR,
    RTM_NEWADDR,
    RTM_NEWLINK,
    RTM_NEWROUTE,
    ask,
    attribute,
    attributes,
    link,
    messages,
    number,
    request,
    route_socket,
    text,
)

Interface = IPv4Interface | IPv6Interface
Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

_VETH_PEER = 1
_BR_FORWARD_DELAY, _BR_STP_STATE, _BR_MCAST_SNOOPING = 1, 5, 23
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_PRIORITY, _RTA_PREFSRC = 1, 4, 5, 6, 7
_RTPROT_STATIC, _RTN_UNICAST, _TABLE_MAIN, _SCOPE_LINK = 4, 1, 254, 253


class NetlinkError(OSError):
    """The kernel refused a request; the text says which one, in the words of ip(8)."""


@dataclass(frozen=True)
class End:
    """One end of a veth pair to be made: `index` is its ifindex (0: the kernel chooses), `mtu` is in bytes."""

    name: str
    mac: str
    mtu: int
    index: int = 0


@dataclass(frozen=True)
class HeldAddress:
    """An address that an interface has, as the kernel says it."""

    index: int
    interface: Interface
    flags: int

    @property
    def tentative(self) -> bool:
        """Duplicate address detection has not ended yet (RFC 4862 section 5.4)."""
        return bool(self.flags & IFA_F_TENTATIVE) and not self.flags & IFA_F_DADFAILED


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _up(index: int, up: bool = True) -> bytes:
    return link(index, IFF_UP if up else 0, IFF_UP)


def _describe(end: End) -> bytes:
    return text(IFLA_IFNAME, end.name) + attribute(IFLA_ADDRESS, _mac(end.mac)) + number(IFLA_MTU, end.mtu)


def _info(kind: str, data: bytes) -> bytes:
    return attribute(IFLA_LINKINFO, text(IFLA_INFO_KIND, kind) + attribute(IFLA_INFO_DATA, data))


def _family(address: Address | Interface | Network) -> int:
    return socket.AF_INET6 if address.version == 6 else socket.AF_INET


class Netlink:
    """A NETLINK_ROUTE socket of the calling thread's network namespace."""

    def __init__(self, groups: int = 0) -> None:
        self._socket = route_socket(groups)
        self._lock = threading.Lock()
        self._sequence = 0

    def fileno(self) -> int:
        """The socket's descriptor, for poll and for interface ioctls."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the socket; a second call does nothing."""
        self._socket.close()

    def loopback_up(self) -> None:
        """Raise `lo`."""
        self._ask(RTM_NEWLINK, 0, _up(1), "link set lo up")

    def add_veth(self, here: End, there: End, namespace: int, *, master: int | None = None, up: bool = False) -> None:
        """Make a veth pair: `here` in this socket's namespace, `there` in the one behind the descriptor.

        `here` may be born up and as a port of the bridge with index `master`; a peer is always born down.
        """
        peer = link(there.index)
        peer += _describe(there) + number(IFLA_NET_NS_FD, namespace)
        body = _up(here.index) if up else link(here.index)
        body += _describe(here) + _info("veth", attribute(_VETH_PEER, peer))
        if master is not None:
            body += number(IFLA_MASTER, master)
        self._ask(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, body, f"link add {here.name} type veth peer {there.name}")

    def add_bridge(self, name: str, index: int, *, snooping: bool) -> None:
        """Make a bridge that forwards at once: no spanning tree, no forward delay; raise it."""
        data = number(_BR_FORWARD_DELAY, 0) + number(_BR_STP_STATE, 0)
        data += attribute(_BR_MCAST_SNOOPING, struct.pack("=B", int(snooping)))
        body = _up(index) + text(IFLA_IFNAME, name) + _info("bridge", data)
        self._ask(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, body, f"link add {name} type bridge")

    def set_link(self, index: int, *, up: bool, master: int | None = None) -> None:
        """Raise a link or take it down; make it a port of the bridge with index `master`, where given."""
        body = _up(index, up) + (number(IFLA_MASTER, master) if master is not None else b"")
        self._ask(RTM_NEWLINK, 0, body, f"link set {index} {'up' if up else 'down'}")

    def delete_link(self, index: int) -> None:
        """Delete a link, and with a veth its peer; a link that is gone already is no error."""
        self._ask(RTM_DELLINK, 0, link(index), f"link delete {index}", unless=errno.ENODEV)

    def add_address(self, index: int, address: Interface, *, nodad: bool = False) -> None:
        """Give a link an address; one that it has already is no error."""
        head = struct.pack("=BBBBI", _family(address), address.network.prefixlen, 0, 0, index)
        body = head + attribute(IFA_LOCAL, address.ip.packed) + attribute(IFA_ADDRESS, address.ip.packed)
        if nodad:
            body += number(IFA_FLAGS, IFA_F_NODAD)
        what = f"address add {address} dev {index}"
        self._ask(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, body, what, unless=errno.EEXIST)

    def add_route(self, destination: Network, *, via: Address | None = None, index: int | None = None,
                  metric: int | None = None, source: Address | None = None) -> None:
        """Add a route or replace the one of the same destination and metric."""
        scope = _SCOPE_LINK if via is None and destination.version == 4 else 0
        head = struct.pack("=BBBBBBBBI", _family(destination), destination.prefixlen, 0, 0, _TABLE_MAIN,
                           _RTPROT_STATIC, scope, _RTN_UNICAST, 0)
        body = head + attribute(_RTA_DST, destination.network_address.packed)
        body += attribute(_RTA_GATEWAY, via.packed) if via else b""
        body += number(_RTA_OIF, index) if index else b""
        body += number(_RTA_PRIORITY, metric) if metric else b""
        body += attribute(_RTA_PREFSRC, source.packed) if source else b""
        what = f"route replace {destination} via {via} dev {index}"
        self._ask(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, body, what)

    def addresses(self) -> list[HeldAddress]:
        """All addresses of the namespace."""
        with self._lock:
            self._sequence += 1
            self._socket.send(request(RTM_GETADDR, NLM_F_DUMP, bytes(8), self._sequence))
            found: list[HeldAddress] = []
            while True:
                for message in messages(self._socket.recv(1 << 18)):
                    if message.sequence != self._sequence:
                        continue
                    if message.kind == NLMSG_DONE:
                        return found
                    if message.kind == RTM_NEWADDR:
                        found.append(_held_address(message.body))

    def drain(self) -> None:
        """Forget the notifications that wait."""
        try:
            while self._socket.recv(1 << 18, socket.MSG_DONTWAIT):
                pass
        except BlockingIOError:
            pass

    def _ask(self, kind: int, flags: int, body: bytes, what: str, *, unless: int = 0) -> None:
        with self._lock:
            self._sequence += 1
            code = ask(self._socket, kind, flags, body, self._sequence)
        if code not in (0, unless):
            raise NetlinkError(code, f"ip {what}: {os.strerror(code)}")


def _held_address(payload: bytes) -> HeldAddress:
    _, prefix, flags, _, index = struct.unpack_from("=BBBBI", payload)
    values = dict(attributes(payload, 8))
    packed = values.get(IFA_LOCAL) or values[IFA_ADDRESS]
    if IFA_FLAGS in values:
        flags = struct.unpack("=I", values[IFA_FLAGS])[0]
    return HeldAddress(index, ip_interface((int.from_bytes(packed, "big"), prefix)) if len(packed) == 4
                       else IPv6Interface((packed, prefix)), flags)
