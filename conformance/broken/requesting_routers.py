"""Requesting routers for mutants and twins: an installed program, and somebody beside it."""

from __future__ import annotations

from ipaddress import IPv6Network

from fixtures.implementations.networkd import SystemdNetworkd
from fixtures.peers.advertisement import Advertisement
from fixtures.peers.router import ScriptedRouter
from fixtures.programs.base import Post
from fixtures.scenarios.prefix_delegation.delegation_lives import FIRST, VALID
from fixtures.situation import Prefix


class DeprecatesAtOnce(SystemdNetworkd):
    """systemd-networkd, and beside it somebody who advertises the first prefix as deprecated."""

    name = "systemd-networkd:deprecates"

    def start(self, post: Post) -> None:
        super().start(post)
        ended = Prefix(IPv6Network((FIRST[1 << 64], 64)), preferred=0, valid=VALID)
        post.peer(ScriptedRouter(Advertisement(prefixes=(ended,)), period=2.0), interface="lan0")


DEPRECATES_AT_ONCE = DeprecatesAtOnce()
