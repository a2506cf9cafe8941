"""Rtnetlink as bytes: messages, attributes, requests and their answers (linux/netlink.h, rtnetlink.h, if_link.h)."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from typing import NamedTuple

HEADER = struct.Struct("=IHHII")
ATTRIBUTE = struct.Struct("=HH")

NLM_F_REQUEST, NLM_F_MULTI, NLM_F_ACK = 1, 2, 4
NLM_F_DUMP, NLM_F_REPLACE, NLM_F_EXCL, NLM_F_CREATE = 0x300, 0x100, 0x200, 0x400
NLMSG_ERROR, NLMSG_DONE = 2, 3
#: NLA_F_NESTED and NLA_F_NET_BYTEORDER are flags in the attribute's type.
TYPE_MASK = 0x3FFF

RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK = 16, 17, 18
RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR = 20, 21, 22
RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE = 24, 25, 26
RTM_NEWNEIGH, RTM_DELNEIGH, RTM_GETNEIGH = 28, 29, 30
RTM_NEWQDISC, RTM_GETNEIGHTBL = 36, 66

#: Groups of notifications as bits, to be bound to.
RTMGRP_LINK, RTMGRP_IPV6_IFADDR, RTMGRP_IPV6_ROUTE = 0x1, 0x100, 0x400

IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_MASTER, IFLA_LINKINFO, IFLA_NET_NS_FD = 1, 3, 4, 10, 18, 28
IFLA_INFO_KIND, IFLA_INFO_DATA = 1, 2
IFA_ADDRESS, IFA_LOCAL, IFA_FLAGS = 1, 2, 8
IFA_F_NODAD, IFA_F_DADFAILED, IFA_F_TENTATIVE = 0x02, 0x08, 0x40
IFF_UP, IFF_LOWER_UP = 0x1, 0x10000


class Message(NamedTuple):
    """One message of a datagram."""

    kind: int
    flags: int
    sequence: int
    body: bytes


def messages(data: bytes) -> Iterator[Message]:
    """The messages of one datagram; a cut-off rest is left out."""
    at = 0
    while at + HEADER.size <= len(data):
        length, kind, flags, sequence, _pid = HEADER.unpack_from(data, at)
        if length < HEADER.size or at + length > len(data):
            return
        yield Message(kind, flags, sequence, data[at + HEADER.size:at + length])
        at += (length + 3) & ~3


def attributes(data: bytes, at: int = 0) -> Iterator[tuple[int, bytes]]:
    """The attributes from an offset on as (type, value)."""
    while at + ATTRIBUTE.size <= len(data):
        length, kind = ATTRIBUTE.unpack_from(data, at)
        if length < ATTRIBUTE.size or at + length > len(data):
            return
        yield kind & TYPE_MASK, data[at + ATTRIBUTE.size:at + length]
        at += (length + 3) & ~3


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute, padded."""
    return ATTRIBUTE.pack(ATTRIBUTE.size + len(value), kind) + value + bytes(-len(value) % 4)


def text(kind: int, value: str) -> bytes:
    """An attribute that holds a string."""
    return attribute(kind, value.encode() + b"\0")


def number(kind: int, value: int) -> bytes:
    """An attribute that holds 32 bits."""
    return attribute(kind, struct.pack("=I", value))


def link(index: int = 0, flags: int = 0, change: int = 0) -> bytes:
    """struct ifinfomsg: a link, and which of its flags to set."""
    return struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, flags, change)


def request(kind: int, flags: int, body: bytes, sequence: int = 1) -> bytes:
    """A request, as it is sent."""
    return HEADER.pack(HEADER.size + len(body), kind, flags | NLM_F_REQUEST, sequence, 0) + body


def route_socket(groups: int = 0) -> socket.socket:
    """A NETLINK_ROUTE socket of the calling thread's network namespace that hears these groups. Raises OSError."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
    sock.bind((0, groups))
    return sock


def ask(sock: socket.socket, kind: int, flags: int, body: bytes, sequence: int = 1) -> int:
    """Make a request, and return the error number of the kernel's answer: 0 where it did as it was told."""
    sock.send(request(kind, flags | NLM_F_ACK, body, sequence))
    answer = next(messages(sock.recv(1 << 16)))
    return -int(struct.unpack_from("=i", answer.body)[0])


def dump_request(kind: int, body: bytes = b"") -> bytes:
    """A request for a whole table (RTM_GET...); the body is the family's own header, all families by default."""
    return request(kind, NLM_F_DUMP, body or bytes(16))


def dump(sock: socket.socket, kind: int, body: bytes = b"") -> list[tuple[int, bytes]]:
    """Ask for a table on a socket without subscriptions, and return its messages as (type, body).

    Raises OSError with the kernel's error number. An interrupted dump is read as it is: the kernel says so only where
    the table changed meanwhile, and what it lists is true of some moment.
    """
    sock.send(dump_request(kind, body))
    found: list[tuple[int, bytes]] = []
    while True:
        for answer in messages(sock.recv(1 << 17)):
            if answer.kind == NLMSG_DONE:
                return found
            if answer.kind == NLMSG_ERROR:
                code = -struct.unpack_from("=i", answer.body)[0]
                if code:
                    raise OSError(code, os.strerror(code))
                return found
            found.append((answer.kind, answer.body))
