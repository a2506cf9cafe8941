"""One address plan for every topology: documentation space (RFC 3849, RFC 5737) and ULA (RFC 4193) only.

    2001:db8:1::/64    the LAN that guests live on: router ::1, second router ::2, static hosts, a pool ::1000-::1fff
    2001:db8:2::/64    a second LAN, 2001:db8:3::/64 a third
    2001:db8:f::/64    what lies outside, behind the router(s)
    2001:db8:c::/64    containers, whichever compute host they run on
    fd00:5e:fab::/64   the fabric between compute hosts
    192.0.2.0/24 LAN, 198.51.100.0/24 outside, 203.0.113.0/24 second LAN
"""

from __future__ import annotations

import hashlib
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)

LAN = IPv6Network("2001:db8:1::/64")
LAN_ROUTER = IPv6Address("2001:db8:1::1")
LAN_ROUTER2 = IPv6Address("2001:db8:1::2")
LAN_POOL = (IPv6Address("2001:db8:1::1000"), IPv6Address("2001:db8:1::1fff"))
#: Addresses that an orchestrator reserves for guests, outside the pool.
LAN_RESERVED = tuple(IPv6Address(f"2001:db8:1::a{number}") for number in range(1, 10))
#: Addresses for hosts on the LAN that are configured by hand.
LAN_STATIC = tuple(IPv6Address(f"2001:db8:1::e{number}") for number in range(1, 10))
#: Nobody ever has this one.
LAN_ABSENT = IPv6Address("2001:db8:1::dead")
LAN_CLIENT = LAN_STATIC[0]

LAN2 = IPv6Network("2001:db8:2::/64")
LAN2_ROUTER = IPv6Address("2001:db8:2::1")
LAN3 = IPv6Network("2001:db8:3::/64")
LAN3_ROUTER = IPv6Address("2001:db8:3::1")
#: All LANs with their routers, for topologies with several.
LANS = ((LAN, LAN_ROUTER), (LAN2, LAN2_ROUTER), (LAN3, LAN3_ROUTER))

LAN4 = IPv4Network("192.0.2.0/24")
LAN4_ROUTER = IPv4Address("192.0.2.1")
LAN4_POOL = (IPv4Address("192.0.2.100"), IPv4Address("192.0.2.199"))
LAN4_CLIENT = IPv4Address("192.0.2.11")

OUTSIDE_NET = IPv6Network("2001:db8:f::/64")
OUTSIDE_ROUTER = IPv6Address("2001:db8:f::1")
OUTSIDE_ROUTER2 = IPv6Address("2001:db8:f::2")
#: A host beyond the router, and the servers of the dual-stack topology.
OUTSIDE = IPv6Address("2001:db8:f::80")
SERVER = IPv6Address("2001:db8:f::443")
NAME_SERVER = IPv6Address("2001:db8:f::53")

OUTSIDE4_NET = IPv4Network("198.51.100.0/24")
OUTSIDE4_ROUTER = IPv4Address("198.51.100.1")
OUTSIDE4 = IPv4Address("198.51.100.80")
SERVER4 = IPv4Address("198.51.100.43")
NAME_SERVER4 = IPv4Address("198.51.100.53")

#: All containers share this prefix, wherever they run.
CONTAINERS = IPv6Network("2001:db8:c::/64")
CONTAINER_ADDRESSES = {f"c{number}": IPv6Address(f"2001:db8:c::1{number}") for number in range(1, 5)}
#: Nobody ever has this one, and no host knows it.
CONTAINER_ABSENT = IPv6Address("2001:db8:c::dead")
#: Of a container that is gone, though its host may still know it.
CONTAINER_GONE = IPv6Address("2001:db8:c::9")
#: Of a neighbor on a container's own link.
CONTAINER_NEIGHBOR = IPv6Address("2001:db8:c::b")
#: Endpoints that come and go by the score.
CONTAINER_SCORE = tuple(IPv6Address(f"2001:db8:c::2:{number:x}") for number in range(1, 21))

FABRIC = IPv6Network("fd00:5e:fab::/64")
FABRIC_HOSTS = (IPv6Address("fd00:5e:fab::1"), IPv6Address("fd00:5e:fab::2"))


def on(address: IPv6Address, network: IPv6Network) -> IPv6Interface:
    """The address with the prefix length of its network."""
    return IPv6Interface((address, network.prefixlen))


def on4(address: IPv4Address, network: IPv4Network) -> IPv4Interface:
    """The address with the prefix length of its network."""
    return IPv4Interface((address, network.prefixlen))


def mac_of(node: str, interface: str, attempt: int = 0) -> str:
    """The MAC address of a node's interface: the same in every topology and every run, locally administered.

    `attempt` counts the addresses that were taken by another interface already.
    """
    digest = hashlib.sha256(f"{node}/{interface}/{attempt}".encode()).digest()
    return "02:00:00:" + ":".join(f"{octet:02x}" for octet in digest[:3])


def eui64(prefix: IPv6Network, mac: str) -> IPv6Address:
    """The address in a /64 with the modified EUI-64 identifier of a MAC address (RFC 4291 appendix A)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    identifier = bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:]
    return IPv6Address(prefix.network_address.packed[:8] + identifier)


def link_local(mac: str) -> IPv6Address:
    """The link-local address that a kernel forms by default (RFC 4291 section 2.5.6 and appendix A)."""
    return eui64(IPv6Network("fe80::/64"), mac)
