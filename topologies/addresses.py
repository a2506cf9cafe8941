"""The addresses that nodes have, asked from their kernels, and the wait for duplicate address detection."""

from __future__ import annotations

import select
import time
from collections.abc import Sequence
from ipaddress import IPv6Address

from topologies.netlink import GROUP_IPV6_ADDRESSES, Netlink
from topologies.stagenode import StageNode


def ready_address(node: StageNode, *, everywhere: bool) -> IPv6Address | None:
    """A global (`everywhere`) or a link-local address of the node that is not tentative; None when there is none."""
    for one in node.room.netlink.addresses():
        address = one.interface.ip
        if isinstance(address, IPv6Address) and not one.tentative and not address.is_loopback:
            if address.is_link_local is not everywhere:
                return address
    return None


def settled(nodes: Sequence[StageNode], within: float) -> bool:
    """Wait until no address of these nodes is tentative; False when one still is after `within` seconds."""
    deadline = time.monotonic() + within
    return all(_settled(node, deadline) for node in nodes)


def _settled(node: StageNode, deadline: float) -> bool:
    watch = node.inside(lambda: Netlink(GROUP_IPV6_ADDRESSES))  # subscribed before it asks
    try:
        poll = select.poll()
        poll.register(watch, select.POLLIN)
        while True:
            watch.drain()
            if not any(one.tentative for one in node.room.netlink.addresses()):
                return True
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                return False
    finally:
        watch.close()
