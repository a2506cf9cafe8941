"""The addresses that nodes have, asked from their kernels, and the wait for duplicate address detection."""

from __future__ import annotations

import select
import time
from collections.abc import Sequence
from ipaddress import IPv6Address
from pathlib import Path

from linux.netlink import RTMGRP_IPV6_IFADDR
from topologies.stage.links import StageIntf
from topologies.stage.netlink import Netlink
from topologies.stage.stagenode import StageNode


def ready_address(node: StageNode, *, everywhere: bool) -> IPv6Address | None:
    """A global (`everywhere`) or a link-local address of the node that is not tentative; None when there is none."""
    for one in node.room.netlink.addresses():
        address = one.interface.ip
        if isinstance(address, IPv6Address) and not one.tentative and not address.is_loopback:
            if address.is_link_local is not everywhere:
                return address
    return None


def settle(nodes: Sequence[StageNode], within: float) -> bool:
    """Wait until these nodes have what their kernels form by themselves: a link-local address at every link that is
    raised at both ends, and no tentative address. False when that is not so after `within` seconds.
    """
    deadline = time.monotonic() + within
    return all(_settle(node, deadline) for node in nodes)


def _settle(node: StageNode, deadline: float) -> bool:
    watch = node.inside(lambda: Netlink(RTMGRP_IPV6_IFADDR))  # subscribed before it asks
    try:
        poll = select.poll()
        poll.register(watch, select.POLLIN)
        while True:
            watch.drain()
            held = [one for one in node.room.netlink.addresses() if one.interface.version == 6]
            if _expected_links(node) <= {one.index for one in held} and not any(one.tentative for one in held):
                return True
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                return False
    finally:
        watch.close()


def _expected_links(node: StageNode) -> set[int]:
    """The links that will have an address: raised here and there, IPv6 not switched off."""
    def speaks(intf: StageIntf) -> bool:
        path = Path("/proc/sys/net/ipv6/conf", intf.name, "disable_ipv6")
        return node.inside(path.read_text).strip() == "0"

    return {intf.index for intf in node.stage_interfaces() if intf.raised and intf.connected and speaks(intf)}
