"""Bare rooms for trying programs at posts: namespaces held by a thread, joined by one bridge. No recorder, no Mininet.

Works inside any sandbox (the caller is root of its user namespace); a room ends with its thread and its programs.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from fixtures.implementations.base import Implementation, ProgramError
from fixtures.playing.output import OutputPump
from fixtures.playing.post import NodePost, kill_all_in
from fixtures.situation import FabricTask, GuestSettings, ProxyTask, Situation

T = TypeVar("T")
CLONE_FS, CLONE_NEWNS, CLONE_NEWNET = 0x200, 0x20000, 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


class Room:
    """A network and mount namespace of its own, with what NodePost asks of a stage's node."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self.tid = self.inside(self._enter)
        self.netns_inode = self.inside(lambda: os.stat("/proc/thread-self/ns/net").st_ino)

    def _enter(self) -> int:
        if LIBC.unshare(CLONE_FS | CLONE_NEWNS | CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "unshare")
        script = """mount --make-rprivate / && mount -t sysfs sysfs /sys && mount -t tmpfs -o mode=755 tmpfs /run
                    : >/run/resolv.conf && mount --bind /run/resolv.conf /etc/resolv.conf && ip link set lo up"""
        subprocess.run(["sh", "-ec", script], check=True)
        return threading.get_native_id()

    def inside(self, function: Callable[[], T]) -> T:
        return self._thread.submit(function).result()

    def spawn(self, argv: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        return self.inside(lambda: subprocess.Popen(argv, start_new_session=True, **options))

    def hide(self, path: str, disk: Path) -> None:
        script = 'mkdir -p "$2"; mountpoint -q "$2" || mount --bind "$1" "$2"'
        self.inside(lambda: subprocess.run(["sh", "-ec", script, "hide", str(disk), path], check=True))

    def ip(self, *arguments: str) -> str:
        def run() -> str:
            return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout
        return self.inside(run)

    def interfaces(self) -> list[tuple[str, str]]:
        return [(link["ifname"], link["address"]) for link in json.loads(self.ip("-j", "link"))
                if link["ifname"].startswith(("eth", "cali"))]

    def addresses(self, family: str = "-6", **wanted: str) -> list[str]:
        """The global addresses that are not tentative, with prefix lengths."""
        found = json.loads(self.ip("-j", family, "addr", "show", "scope", "global"))
        return [f"{a['local']}/{a['prefixlen']}" for link in found for a in link.get("addr_info", [])
                if a and not a.get("tentative")]

    def default_routes(self, family: str = "-6") -> list[str]:
        return [route["dev"] for route in json.loads(self.ip("-j", family, "route", "show", "default"))]


def join(one: Room, name: str, other: Room, peer: str) -> None:
    """A veth pair between two rooms, both ends up."""
    one.ip("link", "add", name, "type", "veth", "peer", "name", peer, "netns", str(other.tid))
    one.ip("link", "set", name, "up")
    other.ip("link", "set", peer, "up")


class Lan:
    """Some guests (eth0) and a router (eth0, with the situation's addresses) on one bridge; ends with `close`."""

    def __init__(
        self, directory: Path, situation: Situation, guests: Sequence[str] = ("guest",), nics: int = 1
    ) -> None:
        self.directory, self.situation = directory, situation
        self.pump = OutputPump()
        self.router, self.segment = Room("router"), Room("segment")
        self.guests = [Room(name) for name in guests]
        self.log: list[tuple[str, str]] = []
        self.posts: list[NodePost] = []
        self.segment.ip("link", "add", "br0", "type", "bridge", "mcast_snooping", "0", "forward_delay", "0")
        self.segment.ip("link", "set", "br0", "up")
        for number, room in enumerate([self.router, *self.guests]):
            for nic in range(nics if room is not self.router else 1):
                port = f"p{number}.{nic}"
                self.segment.ip("link", "add", port, "type", "veth", "peer", "name", f"eth{nic}", "address",
                                f"02:00:00:00:{nic:02x}:{number:02x}", "netns", str(room.tid))
                self.segment.ip("link", "set", port, "master", "br0", "up")
        self.router.inside(lambda: Path("/proc/sys/net/ipv6/conf/all/forwarding").write_text("1"))
        self.router.ip("link", "set", "eth0", "up")
        prefix = situation.prefix.network.prefixlen
        self.router.ip("addr", "add", f"{situation.router}/{prefix}", "dev", "eth0")
        if situation.ipv4 is not None:
            self.router.ip("addr", "add", f"{situation.ipv4_router}/{situation.ipv4.prefixlen}", "dev", "eth0")

    def post(self, room: Room, who: Implementation, *roles: str, settings: GuestSettings | None = None,
             task: ProxyTask | FabricTask | None = None) -> NodePost:
        post = NodePost(
            roles=frozenset(roles) or who.roles, stage_node=room, directory=self.directory / room.name / who.name,
            situation=self.situation, settings=settings or GuestSettings(), task=task, pump=self.pump,
            wrote=lambda ns, node, program, text: self.log.append((f"{node} {program}", text)),
            await_link_local=lambda node, interface, within: link_local(room, interface, within),
            configured=lambda name, text: None,
        )
        self.posts.append(post)
        return post

    def close(self) -> None:
        kill_all_in({room.netns_inode for room in [self.router, self.segment, *self.guests]})
        for post in self.posts:
            post.end(signal.SIGKILL)
        self.pump.close()
        for room in [self.router, self.segment, *self.guests]:
            room._thread.shutdown()


def link_local(room: Room, interface: str, within: float) -> None:
    def usable() -> bool:
        found = json.loads(room.ip("-j", "-6", "addr", "show", "dev", interface, "scope", "link"))
        return any(a and not a.get("tentative") for link in found for a in link.get("addr_info", []))
    if not becomes(usable, within):
        raise ProgramError(f"{interface} of {room.name} had no usable link-local address within {within:g} s")


def becomes(condition: Callable[[], Any], within: float) -> Any:
    """Look every 50 ms until the condition holds; its last value."""
    deadline, pause = time.monotonic() + within, threading.Event()
    while not (value := condition()) and time.monotonic() < deadline:
        pause.wait(0.05)
    return value
