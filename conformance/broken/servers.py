"""DHCPv6 servers that were told something else than the orchestrator decided: the real program, wrongly configured."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fixtures.implementations.dnsmasq import Dnsmasq
from fixtures.programs.base import Post
from topologies.stage import addressing as plan


@dataclass(frozen=True)
class MisledDnsmasq(Dnsmasq):
    """dnsmasq with a pool that nobody asked for, and with the reservations or without."""

    name: str  # type: ignore[misc]
    knows_reservations: bool = True

    def start(self, post: Post) -> None:
        kept = post.situation.reservations if self.knows_reservations else ()
        post.situation = replace(post.situation, reservations=kept, pool=plan.LAN_POOL)
        super().start(post)


FORGETFUL = MisledDnsmasq("dnsmasq:without-reservations", knows_reservations=False)
GENEROUS = MisledDnsmasq("dnsmasq:pool-for-everybody")
