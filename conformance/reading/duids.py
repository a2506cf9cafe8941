"""Whether a DUID has the form of its type (RFC 9915 section 11, as RFC 8415)."""

from __future__ import annotations

#: The least octets of DUID-LLT, DUID-EN, DUID-LL and DUID-UUID, and the most that any has.
LEAST, MOST = {1: 9, 2: 7, 3: 5, 4: 18}, 130
#: What a DUID-LLT and a DUID-LL have where the link-layer address is one of Ethernet.
ETHERNET, OF_ETHERNET = 1, {1: 14, 3: 10}


def flaw(duid: bytes) -> str | None:
    """What is wrong with a DUID, which is told first; None where it may be so, also where its type is unknown."""
    kind, told = int.from_bytes(duid[:2], "big"), duid.hex(":")
    if len(duid) < LEAST.get(kind, 3) or len(duid) > MOST or (kind == 4 and len(duid) != LEAST[4]):
        return f"{told}, of {len(duid)} octets"
    if kind in OF_ETHERNET and duid[2:4] == bytes([0, ETHERNET]) and len(duid) != OF_ETHERNET[kind]:
        return f"{told}: a DUID of Ethernet has {OF_ETHERNET[kind]} octets"
    return None
