"""Virtual routers that were configured wrongly, or that something on their machine makes believe what they must not."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fixtures.implementations import radvd
from fixtures.implementations.keepalived import Keepalived
from fixtures.programs.base import Post
from fixtures.situation import VrrpTask


@dataclass(frozen=True)
class CarelessKeepalived(Keepalived):
    """Both routers have the virtual address all the time, advertise themselves, and have no virtual MAC address."""

    name: str = "keepalived:careless"  # type: ignore[misc]

    def start(self, post: Post) -> None:
        task = post.task
        assert isinstance(task, VrrpTask)
        post.task = replace(task, virtual_mac=False, advertises=False)
        super().start(post)
        post.call(["ip", "address", "replace", f"{task.address}/64", "dev", task.at], name="ip")
        file = post.write("radvd.conf", radvd.configuration(post.situation, (task.interface,)))
        post.run(["radvd", "--nodaemon", "--config", str(file), "--pidfile", f"{post.directory}/radvd.pid",
                  "--logmethod", "stderr"], name="radvd")


@dataclass(frozen=True)
class MismatchedKeepalived(Keepalived):
    """The router of the lower priority has another VRID, and so does not know of the other one."""

    name: str = "keepalived:mismatched"  # type: ignore[misc]

    def start(self, post: Post) -> None:
        task = post.task
        assert isinstance(task, VrrpTask)
        if post.node == "r2":
            post.task = replace(task, router=task.router + 1)
        super().start(post)


@dataclass(frozen=True)
class GullibleKeepalived(Keepalived):
    """A packet filter of its machine sets the hop limit of what comes in: the daemon cannot see the real one."""

    name: str = "keepalived:gullible"  # type: ignore[misc]

    def start(self, post: Post) -> None:
        for words in (("add", "table", "ip6", "gullible"),
                      ("add", "chain", "ip6", "gullible", "in", "{ type filter hook prerouting priority -300; }"),
                      ("add", "rule", "ip6", "gullible", "in", "ip6 nexthdr 112 ip6 hoplimit set 255")):
            post.call(["nft", *words], name="nft")
        super().start(post)
