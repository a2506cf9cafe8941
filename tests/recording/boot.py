"""One boot of a real guest beside a real router, so that the oracles judge what programs really send."""

from __future__ import annotations

import contextlib
import socket
import time
from functools import partial
from ipaddress import IPv6Address
from pathlib import Path

from fixtures.recording.assembly import assemble
from fixtures.recording.camera import Camera
from fixtures.recording.eyes import open_eyes
from fixtures.recording.feed import Feed, Item
from fixtures.recording.model import Frame, Mark, Output, Play, Program, Recording, Snapshot
from fixtures.recording.snapshots import counters, take
from fixtures.recording.views import dhcpv6
from tests.recording.rooms import Room, link_local, pair

DNSMASQ = """
interface=eth0
bind-interfaces
no-resolv
no-hosts
user=root
enable-ra
ra-param=eth0,high,4,600
dhcp-range=2001:db8:1::100,2001:db8:1::1ff,64,600
dhcp-option=option6:dns-server,[2001:db8:1::1]
dhcp-option=option6:domain-search,example.com,cloud.example
host-record=www.example.com,192.0.2.80,2001:db8:1::80
"""
PLAY = Play("0" * 16, "sample-boot", {"nightly": False}, "pair", {"router": Program("dnsmasq", "0")},
            {"router": "router", "guest": "guest"}, {"prefix": "2001:db8:1::/64"})


def recorded_boot(directory: Path) -> Recording:
    """Play it: link up, RA, Solicit to Reply, Release, a DNS query, a ping, a refused and an accepted connection."""
    camera, feed = Camera(), Feed(time.time_ns())
    router, guest = Room("router"), Room("guest")
    rooms = (router, guest)
    try:
        camera.begin("boot", feed)
        for room in rooms:
            camera.watch("boot", room.name, room.inside(open_eyes))
        router.ip("link", "show")
        pair(router, guest)
        router.ip("address", "add", "2001:db8:1::1/64", "dev", "eth0", "nodad")
        for room in rooms:
            assert feed.wait(partial(link_local, node=room.name), within=10), room.name
        _programs(router, guest, feed, directory)
        feed.add(Snapshot(feed.now(), "end", room.name, room.inside(take)) for room in rooms)
        for room in rooms:
            room.ip("link", "set", "eth0", "down")
        kernel = {room.name: room.inside(counters) for room in rooms}
        tallies = camera.close("boot")
        assert all(tally.complete for tally in tallies), tallies
        return assemble(PLAY, feed, feed.now(), tallies, kernel, configurations={"router/dnsmasq.conf": DNSMASQ})
    finally:
        camera.stop()
        for room in rooms:
            room.close()


def _programs(router: Room, guest: Room, feed: Feed, directory: Path) -> None:
    configuration = directory / "dnsmasq.conf"
    configuration.write_text(DNSMASQ)
    router.start(["dnsmasq", "-k", f"--conf-file={configuration}", f"--dhcp-leasefile={directory}/leases",
                  "--pid-file"], directory / "dnsmasq.log")
    assert feed.wait(lambda item: bytes_of(item)[54:55] == b"\x86", within=10), "no RA"
    dhclient = ["dhclient", "-6", "-sf", "/bin/true", "-lf", f"{directory}/lf", "-pf", f"{directory}/pf"]
    (directory / "lf").touch()
    guest.call(*dhclient, "-1", "eth0")
    guest.call(*dhclient, "-r", "eth0")
    assert feed.wait(lambda item: isinstance(item, Frame) and bool(dhcpv6.messages([item], "Release")), within=10)
    feed.add([Mark(feed.now(), "released", {"by": "dhclient"}), Output(feed.now(), "guest", "dhclient", "bye")])
    guest.ip("address", "add", "2001:db8:1::2/64", "dev", "eth0", "nodad")
    guest.call("ping", "-6", "-c", "2", "-i", "0.2", "2001:db8:1::1")
    guest.inside(_talk)


def _talk() -> None:
    """A DNS query for AAAA, an accepted connection with a query over TCP, and one to a port where nobody listens."""
    address = str(IPv6Address("2001:db8:1::1"))
    query = bytes.fromhex("abcd01000001000000000000") + b"\x03www\x07example\x03com\0\0\x1c\0\x01"
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp:
        udp.settimeout(5)
        udp.sendto(query, (address, 53))
        udp.recv(512)
    with socket.create_connection((address, 53), timeout=5) as tcp:
        tcp.sendall(len(query).to_bytes(2, "big") + query)
        tcp.recv(512)
    with contextlib.suppress(ConnectionRefusedError):
        socket.create_connection((address, 9), timeout=5)


def bytes_of(item: Item) -> bytes:
    """A frame's bytes, nothing for anything else."""
    return item.data if isinstance(item, Frame) else b""
