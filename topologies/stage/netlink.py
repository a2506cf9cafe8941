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
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network, ip_interface

Interface = IPv4Interface | IPv6Interface
Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

IFF_UP = 1
IFA_F_NODAD, IFA_F_DADFAILED, IFA_F_TENTATIVE = 0x02, 0x08, 0x40
GROUP_IPV6_ADDRESSES = 0x100

_NEWLINK, _DELLINK, _NEWADDR, _GETADDR, _NEWROUTE = 16, 17, 20, 22, 24
_REQUEST, _ACK, _REPLACE, _EXCL, _CREATE, _DUMP = 1, 4, 0x100, 0x200, 0x400, 0x300
_ERROR, _DONE = 2, 3
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_MASTER, _IFLA_LINKINFO, _IFLA_NET_NS_FD = 1, 3, 4, 10, 18, 28
_INFO_KIND, _INFO_DATA, _VETH_PEER = 1, 2, 1
_BR_FORWARD_DELAY, _BR_STP_STATE, _BR_MCAST_SNOOPING = 1, 5, 23
_IFA_ADDRESS, _IFA_LOCAL, _IFA_FLAGS = 1, 2, 8
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


def _attribute(kind: int, payload: bytes) -> bytes:
    return struct.pack("=HH", len(payload) + 4, kind) + payload + b"\0" * (-len(payload) % 4)


def _text(kind: int, text: str) -> bytes:
    return _attribute(kind, text.encode() + b"\0")


def _number(kind: int, number: int) -> bytes:
    return _attribute(kind, struct.pack("=I", number))


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _link(index: int = 0, *, up: bool | None = None) -> bytes:
    return struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, int(bool(up)), 0 if up is None else IFF_UP)


def _described(end: End) -> bytes:
    return _text(_IFLA_IFNAME, end.name) + _attribute(_IFLA_ADDRESS, _mac(end.mac)) + _number(_IFLA_MTU, end.mtu)


def _info(kind: str, data: bytes) -> bytes:
    return _attribute(_IFLA_LINKINFO, _text(_INFO_KIND, kind) + _attribute(_INFO_DATA, data))


def _family(address: Address | Interface | Network) -> int:
    return socket.AF_INET6 if address.version == 6 else socket.AF_INET


class Netlink:
    """A NETLINK_ROUTE socket of the calling thread's network namespace."""

    def __init__(self, groups: int = 0) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        self._socket.bind((0, groups))
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
        self._ask(_NEWLINK, 0, _link(1, up=True), "link set lo up")

    def add_veth(self, here: End, there: End, namespace: int, *, master: int | None = None, up: bool = False) -> None:
        """Make a veth pair: `here` in this socket's namespace, `there` in the one behind the descriptor.

        `here` may be born up and as a port of the bridge with index `master`; a peer is always born down.
        """
        peer = struct.pack("=BxHiII", socket.AF_UNSPEC, 0, there.index, 0, 0)
        peer += _described(there) + _number(_IFLA_NET_NS_FD, namespace)
        body = _link(here.index, up=up or None) + _described(here) + _info("veth", _attribute(_VETH_PEER, peer))
        if master is not None:
            body += _number(_IFLA_MASTER, master)
        self._ask(_NEWLINK, _CREATE | _EXCL, body, f"link add {here.name} type veth peer {there.name}")

    def add_bridge(self, name: str, index: int, *, snooping: bool) -> None:
        """Make a bridge that forwards at once: no spanning tree, no forward delay; raise it."""
        data = _number(_BR_FORWARD_DELAY, 0) + _number(_BR_STP_STATE, 0)
        data += _attribute(_BR_MCAST_SNOOPING, struct.pack("=B", int(snooping)))
        body = _link(index, up=True) + _text(_IFLA_IFNAME, name) + _info("bridge", data)
        self._ask(_NEWLINK, _CREATE | _EXCL, body, f"link add {name} type bridge")

    def set_link(self, index: int, *, up: bool, master: int | None = None) -> None:
        """Raise a link or take it down; make it a port of the bridge with index `master`, where given."""
        body = _link(index, up=up) + (_number(_IFLA_MASTER, master) if master is not None else b"")
        self._ask(_NEWLINK, 0, body, f"link set {index} {'up' if up else 'down'}")

    def delete_link(self, index: int) -> None:
        """Delete a link, and with a veth its peer; a link that is gone already is no error."""
        self._ask(_DELLINK, 0, _link(index), f"link delete {index}", unless=errno.ENODEV)

    def add_address(self, index: int, address: Interface, *, nodad: bool = False) -> None:
        """Give a link an address; one that it has already is no error."""
        head = struct.pack("=BBBBI", _family(address), address.network.prefixlen, 0, 0, index)
        body = head + _attribute(_IFA_LOCAL, address.ip.packed) + _attribute(_IFA_ADDRESS, address.ip.packed)
        if nodad:
            body += _number(_IFA_FLAGS, IFA_F_NODAD)
        self._ask(_NEWADDR, _CREATE | _EXCL, body, f"address add {address} dev {index}", unless=errno.EEXIST)

    def add_route(self, destination: Network, *, via: Address | None = None, index: int | None = None,
                  metric: int | None = None, source: Address | None = None) -> None:
        """Add a route or replace the one of the same destination and metric."""
        scope = _SCOPE_LINK if via is None and destination.version == 4 else 0
        head = struct.pack("=BBBBBBBBI", _family(destination), destination.prefixlen, 0, 0, _TABLE_MAIN,
                           _RTPROT_STATIC, scope, _RTN_UNICAST, 0)
        body = head + _attribute(_RTA_DST, destination.network_address.packed)
        body += _attribute(_RTA_GATEWAY, via.packed) if via else b""
        body += _number(_RTA_OIF, index) if index else b""
        body += _number(_RTA_PRIORITY, metric) if metric else b""
        body += _attribute(_RTA_PREFSRC, source.packed) if source else b""
        self._ask(_NEWROUTE, _CREATE | _REPLACE, body, f"route replace {destination} via {via} dev {index}")

    def addresses(self) -> list[HeldAddress]:
        """All addresses of the namespace."""
        with self._lock:
            self._send(_GETADDR, _DUMP, struct.pack("=BBBBI", 0, 0, 0, 0, 0))
            found: list[HeldAddress] = []
            while True:
                for kind, sequence, payload in _messages(self._socket.recv(1 << 18)):
                    if sequence != self._sequence:
                        continue
                    if kind == _DONE:
                        return found
                    if kind == _NEWADDR:
                        found.append(_held(payload))

    def drain(self) -> None:
        """Forget the notifications that wait."""
        try:
            while self._socket.recv(1 << 18, socket.MSG_DONTWAIT):
                pass
        except BlockingIOError:
            pass

    def _ask(self, kind: int, flags: int, body: bytes, what: str, *, unless: int = 0) -> None:
        with self._lock:
            self._send(kind, flags | _ACK, body)
            _, _, payload = next(_messages(self._socket.recv(1 << 16)))
        code = -int(struct.unpack_from("=i", payload)[0])
        if code not in (0, unless):
            raise NetlinkError(code, f"ip {what}: {os.strerror(code)}")

    def _send(self, kind: int, flags: int, body: bytes) -> None:
        self._sequence += 1
        self._socket.send(struct.pack("=IHHII", len(body) + 16, kind, flags | _REQUEST, self._sequence, 0) + body)


def _messages(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at < len(data):
        length, kind, _, sequence, _ = struct.unpack_from("=IHHII", data, at)
        yield kind, sequence, data[at + 16 : at + length]
        at += (length + 3) & ~3


def _held(payload: bytes) -> HeldAddress:
    _, prefix, flags, _, index = struct.unpack_from("=BBBBI", payload)
    values: dict[int, bytes] = {}
    at = 8
    while at < len(payload):
        length, kind = struct.unpack_from("=HH", payload, at)
        values[kind] = payload[at + 4 : at + length]
        at += (length + 3) & ~3
    packed = values.get(_IFA_LOCAL) or values[_IFA_ADDRESS]
    if _IFA_FLAGS in values:
        flags = struct.unpack("=I", values[_IFA_FLAGS])[0]
    return HeldAddress(index, ip_interface((int.from_bytes(packed, "big"), prefix)) if len(packed) == 4
                       else IPv6Interface((packed, prefix)), flags)
