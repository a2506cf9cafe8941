"""The smallest stage for the recorder's own tests: network namespaces, each entered by one thread, and veth pairs."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from topologies.stage.offload import switch_off

T = TypeVar("T")
CLONE_NEWNET = 0x40000000


class Room:
    """One network namespace. It is gone when it is closed and nothing runs in it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self.path = self.inside(self._enter)
        self._programs: list[subprocess.Popen[bytes]] = []
        self.ip("link", "set", "lo", "up")

    @staticmethod
    def _enter() -> str:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        return f"/proc/{os.getpid()}/task/{threading.get_native_id()}/ns/net"

    def inside(self, function: Callable[[], T]) -> T:
        """What the function returns in this namespace."""
        return self._thread.submit(function).result()

    def ip(self, *arguments: str) -> str:
        """Run `ip` and return its output."""
        return self.call("ip", *arguments)

    def call(self, *argv: str) -> str:
        """Run a program to its successful end and return its output."""
        done = self.inside(lambda: subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL))
        assert done.returncode == 0, (argv, done.stdout, done.stderr)
        return done.stdout

    def start(self, argv: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
        """Start a program that is killed when the room is closed."""
        def launch() -> subprocess.Popen[bytes]:
            with log.open("wb") as output:
                return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)

        program = self.inside(launch)
        self._programs.append(program)
        return program

    def link(self, name: str, other: Room, other_name: str) -> None:
        """A veth pair from here to another room, both ends down."""
        self.ip("link", "add", name, "type", "veth", "peer", "name", other_name, "netns", other.path)

    def close(self) -> None:
        """Kill what runs here, and let the namespace go."""
        for program in self._programs:
            program.kill()
            program.wait()
        self._thread.shutdown()


def pair(*rooms: Room) -> None:
    """Join two rooms by one link, eth0 at both ends, and raise it."""
    one, other = rooms
    one.link("eth0", other, "eth0")
    for room in rooms:
        room.inside(_switch_off_offload)
        room.ip("link", "set", "eth0", "up")


def _switch_off_offload() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        switch_off(sock.fileno(), "eth0")


def link_local(item: Any, node: str) -> bool:
    """Whether an item of a feed tells that the node's eth0 has a usable link-local address."""
    fields = getattr(item, "fields", {})
    return (getattr(item, "kind", "") == "address" and item.node == node and fields.get("ifname") == "eth0"
            and "tentative" not in fields["flags"] and fields["local"].startswith("fe80"))
