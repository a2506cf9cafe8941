"""Newer programs, as fakes that behave like them where the difference lies: each is started, and is ready."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any, cast

import pytest

from fixtures.implementations.registry import implementation_named
from fixtures.programs.announcements import Announcements
from fixtures.programs.base import GuestClient, ask
from fixtures.situation import Prefix
from tests.implementations.fakes import instead, script
from tests.implementations.rooms import Rooms
from tests.implementations.test_dhcpv6_servers import STATEFUL
from tests.implementations.test_readiness import VRRP
from tests.patience import becomes
from topologies.lan import Lan
from topologies.stage import addressing as plan

__all__ = ["instead"]  # a fixture

#: radvd 2.20 does not hear itself: it clears IPV6_MULTICAST_LOOP.
RADVD = f"""#!{sys.executable} -IS
import re, signal, socket, sys
with open(sys.argv[sys.argv.index("--config") + 1]) as file:
    interfaces = re.findall(r"(?m)^interface (\\S+)", file.read())
wire = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
wire.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
for name in interfaces:
    wire.sendto(bytes([134, 0, 0, 0, 64]) + bytes(11), ("ff02::1", 0, 0, socket.if_nametoindex(name)))
signal.pause()
"""
#: systemd-networkd 257 says nothing of its enumeration; Ubuntu's waits for udev unless the node says that it is a
#: container. The second time it takes a while.
NETWORKD = f"""#!{sys.executable} -IS
import os, signal, socket, time
container = os.path.exists("/run/systemd/container")
if os.path.exists("/run/lock-of-the-first"):
    time.sleep(0.5)
open("/run/lock-of-the-first", "w").close()
file = f"/run/systemd/netif/links/{{socket.if_nametoindex('eth0')}}"
with open(f"{{file}}.new", "w") as new:
    new.write(f"ADMIN_STATE={{'configuring' if container else 'pending'}}\\nOPER_STATE=carrier\\n")
os.rename(f"{{file}}.new", file)
signal.pause()
"""
#: keepalived 2.3 runs no script whose program is a symbolic link.
KEEPALIVED = f"""#!{sys.executable} -IS
import os, re, signal, socket, subprocess, sys
path = next(word for word in sys.argv if word.startswith("--use-file=")).partition("=")[2]
with open(path) as file:
    program, *words = re.search(r'notify_master "(.*)"', file.read())[1].split()
wire = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 112)
if not os.path.islink(program) and os.access(program, os.X_OK):
    subprocess.Popen([program, *words])
signal.pause()
"""


#: FRR 10's zebra knows no command of its file; what it is to advertise it asks mgmtd, which reads it at a fixed place.
ZEBRA = f"""#!{sys.executable} -IS
import re, signal, socket
manager = socket.socket(socket.AF_UNIX)
manager.connect("/run/frr/mgmtd_be.sock")
configuration = manager.recv(65536).decode()
terminal = socket.socket(socket.AF_UNIX)
terminal.bind("./zebra.vty")
terminal.listen()
wire = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
for name in re.findall(r"(?m)^interface (\\S+)", configuration):
    wire.sendto(bytes([134, 0, 0, 0, 64]) + bytes(11), ("ff02::1", 0, 0, socket.if_nametoindex(name)))
signal.pause()
"""
MGMTD = f"""#!{sys.executable} -IS
import socket
server, terminal = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
server.bind("/run/frr/mgmtd_be.sock")
terminal.bind("./mgmtd.vty")
for each in (server, terminal):
    each.listen()
asked, _ = server.accept()
with open("/etc/frr/zebra.conf", "rb") as file:
    asked.sendall(file.read())
asked.recv(1)
"""
#: passt of 2025 ends without flushing its version where it goes to a pipe; stdbuf(1) has it written at once.
PASST = """#!/bin/sh
[ -z "$LD_PRELOAD" ] || echo "passt 0.0~git20250503.587980c-2"
"""


@pytest.fixture
def lan(tmp_path: Path) -> Iterator[Rooms]:
    with Rooms(Lan(guests=1), replace(STATEFUL, prefix=Prefix(plan.LAN, autonomous=True)), tmp_path / "lan") as rooms:
        assert becomes(lambda: rooms.addresses("router"), 8)
        yield rooms


def test_radvd_that_does_not_hear_itself(lan: Rooms, instead: dict[str, Path], tmp_path: Path) -> None:
    instead["radvd"] = script(tmp_path / "radvd", RADVD)
    post = lan.post("router", implementation_named("radvd"))
    implementation_named("radvd").start(post)
    assert post.programs[0].lines == []


def test_networkd_that_says_nothing_and_asks_whether_it_is_in_a_container(
        lan: Rooms, instead: dict[str, Path], tmp_path: Path) -> None:
    networkd = implementation_named("systemd-networkd", "guest")
    assert isinstance(networkd, GuestClient)
    if networkd.missing():
        pytest.skip("the version of systemd-networkd is asked")
    lan.up("guest")
    instead["systemd-networkd"] = script(tmp_path / "systemd-networkd", NETWORKD)
    post = lan.post("guest", networkd, "guest")
    networkd.start(post)
    begin = time.monotonic()
    networkd.restart(post)
    assert time.monotonic() - begin >= 0.5, "what it left there when it ended is not its word"


def test_keepalived_that_runs_no_symbolic_link(lan: Rooms, instead: dict[str, Path], tmp_path: Path) -> None:
    if implementation_named("radvd").missing():
        pytest.skip("radvd is not installed")
    instead["keepalived"] = script(tmp_path / "keepalived", KEEPALIVED)
    own = IPv6Address(lan.run("router", "sh", "-c", "ip -o -6 addr show dev lan0 scope link").stdout.split()[3][:-3])
    task = replace(VRRP, virtual_mac=False, link_local=own, advertises=True)
    post = lan.post("router", implementation_named("keepalived"), task=cast(Any, task))
    with Announcements(post, ("lan0",)) as heard:
        implementation_named("keepalived").start(post)
        heard.begin(post.programs[0])


def test_zebra_that_is_told_by_mgmtd(lan: Rooms, instead: dict[str, Path], tmp_path: Path) -> None:
    if implementation_named("frr").missing():
        pytest.skip("FRR's daemons belong to its user, which its package makes")
    instead["zebra"] = script(tmp_path / "zebra", ZEBRA)
    instead["mgmtd"] = script(tmp_path / "mgmtd", MGMTD)
    post = lan.post("router", implementation_named("frr"))
    implementation_named("frr").start(post)
    assert [program.name for program in post.programs] == ["mgmtd", "zebra"]


def test_passt_that_does_not_say_its_version_to_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fixtures.programs.base.SEARCH_PATH", f"{tmp_path}:/usr/bin:/bin")
    script(tmp_path / "passt", PASST)
    ask.cache_clear()
    try:
        assert implementation_named("passt").version() == "0.0~git20250503.587980c-2"
    finally:
        ask.cache_clear()
