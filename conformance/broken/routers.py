"""Forwarders for mutants: the kernel with a setting or a packet filter in the way; and daemons that look, or do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from pathlib import Path
from typing import Literal

from fixtures.implementations.linux import Linux
from fixtures.peers.advertisement import Advertisement
from fixtures.peers.router import ScriptedRouter
from fixtures.programs.base import Implementation, Post
from fixtures.protocols.addresses import ALL_NODES
from topologies.stage import addressing as plan

FORWARDING = Path("/proc/sys/net/ipv6/conf/all/forwarding")


@dataclass(frozen=True)
class KernelRouter(Linux):
    """A host that forwards by the kernel alone, with these sysctls changed and this ruleset of nft(8) loaded."""

    name: str  # type: ignore[misc]
    settings: Mapping[str, int] = field(default_factory=dict)
    ruleset: str = ""

    def start(self, post: Post) -> None:
        for name, value in self.settings.items():
            post.sysctl(name, value)
        post.call(["nft", "-f", str(post.write("broken.nft", self.ruleset))], name="nft")


def _chain(hook: str, *rules: str) -> str:
    return f"chain {hook} {{\ntype filter hook {hook} priority -300\n" + "\n".join(rules) + "\n}\n"


#: It limits no errors, drops whatever has an extension header (RFC 7872), and hides link-local sources.
CARELESS = KernelRouter("linux:careless", {"net/ipv6/icmp/ratelimit": 0}, "table ip6 careless {\n" + _chain(
    "prerouting", f"ip6 saddr fe80::/10 udp dport 9 ip6 saddr set {plan.LAN_STATIC[8]}") + _chain(
    "forward", "ip6 nexthdr != { tcp, udp, icmpv6 } drop") + "}")

#: It never says that a hop limit ended, marks all traffic anew, and takes another host for a link-local destination.
SILENT = KernelRouter("linux:silent", ruleset="table ip6 silent {\n" + _chain(
    "prerouting", f"ip6 daddr fe80::/10 udp dport 9 ip6 daddr set {plan.OUTSIDE}") + _chain(
    "forward", "ip6 dscp set cs0") + _chain("output", "icmpv6 type time-exceeded drop") + "}")

#: Its limit is for echo, too; and it answers for destinations' options itself.
STINGY = KernelRouter("linux:stingy", ruleset="table ip6 stingy {\n" + _chain(
    "forward", "exthdr dst exists reject") + _chain(
    "output", "icmpv6 type echo-reply limit rate over 5/second drop") + "}")


@dataclass(frozen=True)
class ForwardingDaemon(Implementation):
    """A daemon beside the kernel that forwards: it heeds whether it does `always`, `never`, or until it does `once`."""

    name: str  # type: ignore[misc]
    heeds: Literal["always", "never", "once"] = "always"
    roles = frozenset({"router"})

    def version(self) -> str:
        return "scripted"

    def start(self, post: Post) -> None:
        post.peer(_Advertiser(Advertisement.of(post.situation), self.heeds))


class _Advertiser(ScriptedRouter):
    """Advertises beside the node's own kernel, which answers its neighbors."""

    alone = False

    def __init__(self, advertisement: Advertisement, heeds: str) -> None:
        super().__init__(advertisement, answers_neighbors=False)
        self.heeds, self._claims = heeds, heeds == "never"

    def advertise(self, advertisement: Advertisement | None = None, *, to: IPv6Address = ALL_NODES,
                  to_mac: str | None = None) -> bool:
        """Look whether the kernel forwards, and say so."""
        assert self._place is not None
        forwards = self._place.inside(FORWARDING.read_text).strip() == "1"
        self._claims = forwards or (self._claims and self.heeds != "always")
        chosen = advertisement or self.advertisement
        return super().advertise(chosen if self._claims else chosen.with_(lifetime=0), to=to, to_mac=to_mac)
