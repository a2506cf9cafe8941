"""Broken guests of dual-stack and IPv6-only networks: a real client, and one thing of the image wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fixtures.implementations.dhclient import Dhclient
from fixtures.implementations.dhcpcd import Dhcpcd
from fixtures.programs.base import Post


class FiltersIpv6(Dhcpcd):
    """Its IPv6 packets to the outside are discarded."""

    name = "dhcpcd:ipv6-filtered"

    def start(self, post: Post) -> None:
        super().start(post)
        post.call(["ip", "-6", "route", "add", "blackhole", "2001:db8:f::/64"], name="filter")


class Ipv4AfterIpv6(Dhclient):
    """It asks for IPv4 when it has an IPv6 default route and an address, and not before."""

    name = "dhclient:ipv4-after-ipv6"

    def start(self, post: Post) -> None:
        wanted, post.settings = post.settings, replace(post.settings, ipv4=False)
        super().start(post)
        post.settings = wanted
        ready = "ip -6 route get 2001:db8:f::80 2>/dev/null | grep -q 'src 2001:'"
        waits = f'until {ready}; do sleep 0.2; done; exec "$@"'
        post.run(["sh", "-c", waits, "sh", *self._four(post), "-d", *post.interfaces], name="dhclient-4")


class ResolvesOverIpv4(Dhcpcd):
    """Its image names an IPv4 name server, and ignores what the network says."""

    name = "dhcpcd:ipv4-name-server"

    def start(self, post: Post) -> None:
        post.inside(lambda: Path("/etc/resolv.conf").write_text("nameserver 192.0.2.1\n"))
        post.inside(lambda: Path("/etc/dhcpcd.enter-hook").write_text('skip_hooks="resolv.conf"\n'))
        super().start(post)
