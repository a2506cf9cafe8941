"""Oracles for the textual form of IPv6 addresses: what a text means, and how an address is to be written."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network

#: RFC 5952 section 5: of these prefixes it is known that an IPv4 address follows.
_MAPPED = IPv6Network("::ffff:0:0/96")


def meaning(text: str) -> IPv6Address | None:
    """The address that a text means, None where it means none: inet_pton(3), that is RFC 4291 section 2.2."""
    try:
        return IPv6Address(socket.inet_pton(socket.AF_INET6, text))
    except (OSError, ValueError):
        return None


def canonical(address: IPv6Address) -> str:
    """The address as RFC 5952 sections 4 and 5 want it written."""
    if address in _MAPPED:
        return f"::ffff:{IPv4Address(int(address) & 0xFFFFFFFF)}"
    groups = [int.from_bytes(address.packed[at:at + 2], "big") for at in range(0, 16, 2)]
    start, length = _longest_zeros(groups)
    words = [f"{group:x}" for group in groups]
    if length < 2:
        return ":".join(words)
    return ":".join(words[:start]) + "::" + ":".join(words[start + length:])


def _longest_zeros(groups: list[int]) -> tuple[int, int]:
    """Where the longest run of zero groups begins, the leftmost of equals, and how long it is."""
    best = (0, 0)
    for start in range(len(groups)):
        length = next((at for at, group in enumerate(groups[start:]) if group), len(groups) - start)
        if length > best[1]:
            best = (start, length)
    return best
