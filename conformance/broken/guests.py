"""Broken guests for mutants: the kernel's own stack with one setting wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fixtures.implementations.linux import Linux
from fixtures.programs.base import Post
from topologies.stage.addressing import link_local, mac_of


@dataclass(frozen=True)
class KernelGuest(Linux):
    """A guest that configures itself by the kernel alone, with these settings of each interface changed.

    `late` settings are made when the links are up already, the others before; `neighbors` are those of the neighbor
    table.
    """

    name: str  # type: ignore[misc]
    settings: Mapping[str, int] = field(default_factory=dict)
    late: Mapping[str, int] = field(default_factory=dict)
    neighbors: Mapping[str, int] = field(default_factory=dict)

    def prepare(self, post: Post) -> None:
        super().prepare(post)
        _set(post, self.settings)
        _set(post, self.neighbors, "neigh")

    def start(self, post: Post) -> None:
        super().start(post)
        _set(post, self.late)


def _set(post: Post, settings: Mapping[str, int], area: str = "conf") -> None:
    for interface in post.interfaces:
        for name, value in settings.items():
            post.sysctl(f"net/ipv6/{area}/{interface}/{name}", value)


@dataclass(frozen=True)
class OnLinkGuest(KernelGuest):
    """A guest that gives itself an address with a prefix length, and so believes that the prefix is on the link."""

    address: str = ""

    def start(self, post: Post) -> None:
        super().start(post)
        post.call(["ip", "-6", "address", "add", self.address, "dev", post.interfaces[0]], name="invent-prefix")


@dataclass(frozen=True)
class RoutedGuest(KernelGuest):
    """A guest with a route of its own, by way of a node of the topology, that comes before all that it is told."""

    network: str = ""
    node: str = ""

    def start(self, post: Post) -> None:
        super().start(post)
        router = link_local(mac_of(self.node, "eth0"))
        post.call(["ip", "-6", "route", "add", self.network, "via", str(router), "dev", post.interfaces[0],
                   "metric", "1"], name="static-route")


@dataclass(frozen=True)
class HastyGuest(KernelGuest):
    """A guest that waits so many seconds for the rest of a packet, where others wait a minute."""

    seconds: int = 60

    def start(self, post: Post) -> None:
        super().start(post)
        post.sysctl("net/ipv6/ip6frag_time", self.seconds)


def without_dad() -> KernelGuest:
    """A guest that uses its addresses at once, whoever else has them."""
    return KernelGuest("linux:accept_dad=0", {"accept_dad": 0})


@dataclass(frozen=True)
class GuestWithFixedNeighbors(KernelGuest):
    """A guest that knows its link-layer neighbors (nodes of the topology) once and for all, so none is ever dead."""

    nodes: tuple[str, ...] = ("peer", "peer2")

    def start(self, post: Post) -> None:
        super().start(post)
        for node in self.nodes:
            mac = mac_of(node, "eth0")
            post.call(["ip", "-6", "neigh", "replace", str(link_local(mac)), "lladdr", mac, "nud", "permanent",
                       "dev", post.interfaces[0]], name="fix-neighbor")
