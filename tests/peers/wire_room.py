"""Two namespaces and a cable: the smallest stage that a peer can be tried on, with a tap at the kernel guest's end."""

from __future__ import annotations

import json
import os
import re
import select
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fixtures.peers.endpoint import link_local_of
from linux import netlink
from tests.patience import PATIENCE
from topologies.stage.rooms import Room, Stagehands

GUEST_MAC, OTHER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
GUEST_LL, OTHER_LL = link_local_of(GUEST_MAC), link_local_of(OTHER_MAC)


@dataclass
class Place:
    """A node, as peers know it."""

    name: str
    room: Room
    mac: str
    events: socket.socket

    def interfaces(self) -> list[tuple[str, str]]:
        return [("eth0", self.mac)]

    def inside(self, fn: Callable[[], Any]) -> Any:
        return self.room.inside(fn)

    def start(self, *argv: str, **options: Any) -> Any:
        return self.inside(lambda: subprocess.Popen(argv, text=True, start_new_session=True, **options))

    def run(self, *argv: str) -> str:
        done = self.inside(lambda: subprocess.run(argv, capture_output=True, text=True, check=False))
        assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
        return str(done.stdout)

    def ip(self, *arguments: str) -> Any:
        return json.loads(self.run("ip", "-j", "-6", *arguments) or "[]")

    def sysctl(self, name: str, value: int) -> None:
        path = Path("/proc/sys/net/ipv6/conf/eth0") / name
        self.inside(lambda: path.write_text(str(value)))

    def addresses(self) -> dict[str, dict[str, Any]]:
        """The guest's addresses with their flags."""
        return {one["local"]: one for link in self.ip("address", "show", "dev", "eth0") for one in link["addr_info"]}

    def kernel(self) -> list[str]:
        """The state of the kernel, one line each of `ip -o` for links, addresses and routes."""
        return [line for words in (["-o", "link"], ["-6", "-o", "address"], ["-6", "-o", "route"])
                for line in self.run("ip", *words, "show").splitlines()]

    def until(self, pattern: str, within: float, *, gone: bool = False) -> str:
        """Wait until a line of the kernel's state matches (or none does any more), at most some seconds."""
        end = time.monotonic() + PATIENCE * within
        while True:
            lines = self.kernel()
            found = next((line for line in lines if re.search(pattern, line)), None)
            if (found is None) == gone:
                return found or ""
            if not select.select([self.events], [], [], max(end - time.monotonic(), 0))[0]:
                happened = "go" if gone else "come"
                raise AssertionError(f"within {PATIENCE * within} s {pattern!r} did not {happened}:\n{lines}")
            self.events.recv(1 << 16)

    def ready(self) -> None:
        """Wait until the link-local address can be used."""
        self.until(rf"inet6 {link_local_of(self.mac)}/64 scope link (?!.*tentative)", 6)


@dataclass
class Tap:
    """Every frame at one interface, both directions, as (data, outgoing)."""

    sock: socket.socket
    frames: list[tuple[bytes, bool]] = field(default_factory=list)

    def until(self, wanted: Callable[[bytes], bool], within: float, *, after: int = 0) -> int:
        """Wait for a frame at position `after` or later; returns its position."""
        position, end = after, time.monotonic() + PATIENCE * within
        while True:
            while position < len(self.frames):
                if wanted(self.frames[position][0]):
                    return position
                position += 1
            self.sock.settimeout(max(end - time.monotonic(), 0.001))
            try:
                data, address = self.sock.recvfrom(65536)
            except TimeoutError:
                raise AssertionError(f"no such frame within {PATIENCE * within} s among {len(self.frames)}") from None
            self.frames.append((data, address[2] == socket.PACKET_OUTGOING))

    def drain(self) -> list[tuple[bytes, bool]]:
        """All frames until now."""
        self.sock.settimeout(0)
        with suppress(BlockingIOError):
            while True:
                data, address = self.sock.recvfrom(65536)
                self.frames.append((data, address[2] == socket.PACKET_OUTGOING))
        return self.frames

    def dissect(self, directory: Path, *fields: str, only: str = "") -> list[list[str]]:
        """What tshark says of the frames so far, one row of fields for each frame that the filter lets through.

        Flags are 1 and 0, as versions before 4.4 write them.
        """
        path = directory / "frames.pcap"
        with path.open("wb") as file:
            file.write(struct.pack("IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
            for number, (data, _) in enumerate(self.frames):
                file.write(struct.pack("IIII", number, 0, len(data), len(data)) + data)
        argv = ["tshark", "-n", "-r", str(path), "-o", "udp.check_checksum:TRUE", "-T", "fields", "-Y", only or "frame"]
        for name in fields:
            argv += ["-e", name]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        flags = {"True": "1", "False": "0"}
        return [[flags.get(cell, cell) for cell in line.split("\t")] for line in done.stdout.splitlines()]


@dataclass
class Cable:
    """A kernel guest at one end, a place for peers at the other."""

    guest: Place
    other: Place
    tap: Tap
    peers: list[Any] = field(default_factory=list)

    def put(self, peer: Any, place: Place | None = None) -> Any:
        """Attach a peer (default: at the other end)."""
        peer.attach(place or self.other)
        self.peers.append(peer)
        return peer

    def up(self) -> None:
        """Raise the guest's link, and wait until both ends carry: until then the kernel drops what is sent."""
        self.guest.run("ip", "link", "set", "eth0", "up")
        self.guest.until("eth0.* state UP", 5)
        self.other.until("eth0.* state UP", 5)


@contextmanager
def cable() -> Iterator[Cable]:
    """The other end is up, the guest's is still down. Peers are closed at the end, and have to be without fault."""
    with ExitStack() as stack:
        hands = Stagehands()
        stack.callback(hands.close)
        guest, other = Room(hands), Room(hands)
        stack.callback(guest.close)
        stack.callback(other.close)
        far = f"/proc/{os.getpid()}/fd/{other.net}"
        events = [stack.enter_context(room.inside(_kernel_events)) for room in (guest, other)]
        places = Place("guest", guest, GUEST_MAC, events[0]), Place("other", other, OTHER_MAC, events[1])
        places[0].run("ip", "link", "add", "eth0", "address", GUEST_MAC, "type", "veth", "peer", "name", "eth0",
                      "address", OTHER_MAC, "netns", far)
        places[1].sysctl("disable_ipv6", 1)
        places[1].run("ip", "link", "set", "eth0", "up")
        sock = places[0].inside(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)))
        stack.callback(sock.close)
        stage = Cable(*places, Tap(sock))
        yield stage
        for peer in reversed(stage.peers):
            peer.close()


def _kernel_events() -> socket.socket:
    """Wakes for links, IPv6 addresses and IPv6 routes."""
    return netlink.route_socket(netlink.RTMGRP_LINK | netlink.RTMGRP_IPV6_IFADDR | netlink.RTMGRP_IPV6_ROUTE)


def pause(seconds: float) -> None:
    """Let time pass where the passing itself is what is measured."""
    threading.Event().wait(seconds)
