"""Virtual routers of CloudStack with one thing wrong: the real server, badly configured."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fixtures.implementations.dnsmasq import Dnsmasq
from fixtures.programs.base import Post


@dataclass(frozen=True)
class IPv6Only(Dnsmasq):
    """It has no pool of IPv4 addresses, though the network has IPv4."""

    name: str = "dnsmasq:no-ipv4"  # type: ignore[misc]

    def start(self, post: Post) -> None:
        post.situation = replace(post.situation, ipv4=None)
        super().start(post)


@dataclass(frozen=True)
class KnowsLinkLayer(Dnsmasq):
    """It was told only of VMs whose DUID is a DUID-LL."""

    name: str = "dnsmasq:duid-ll-only"  # type: ignore[misc]

    def start(self, post: Post) -> None:
        kept = tuple(one for one in post.situation.reservations
                     if (one.duid or "").replace(":", "").startswith("0003"))
        post.situation = replace(post.situation, reservations=kept)
        super().start(post)
