"""The three ways to build one segment with many guests that `bring_up` compares; one measurement per process.

    python -m benchmarks.contenders stock|stage|netlink GUESTS      (inside a sandbox)

prints one JSON object: seconds up and down, bytes for each guest, processes that the network keeps running.
"""

from __future__ import annotations

import gc
import json
import os
import select
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

from linux.netlink import RTMGRP_LINK
from linux.system import CLONE_NEWNET, setns, unshare
from topologies.stage.netlink import End, Netlink

Teardown = Callable[[], None]


def stock(guests: int) -> Teardown:
    """Mininet as it comes: bash in every node, ip and brctl for every link."""
    from mininet.log import setLogLevel
    from mininet.net import Mininet
    from mininet.nodelib import LinuxBridge
    from mininet.topo import SingleSwitchTopo

    setLogLevel("critical")
    net = Mininet(topo=SingleSwitchTopo(k=guests), switch=LinuxBridge, controller=None)
    net.start()

    def down() -> None:
        net.stop()
        wait_until_gone()

    return down


def stage(guests: int) -> Teardown:
    """The stage of this project."""
    from topologies.stage.stage import Stage
    from topologies.stage.topology import Topology

    class Many(Topology):
        def build(self) -> None:
            self.segment("s1")
            for number in range(1, guests + 1):
                self.guest(f"h{number}", held=False)
                self.plug(f"h{number}", "eth0", "s1")

    net = Stage(Many())
    net.start()
    watched = os.dup(net.get("s1").room.net)

    def down() -> None:
        net.stop()
        wait_until_gone(watched)

    return down


def netlink(guests: int) -> Teardown:
    """The same by bare requests: unshare, a bridge, a veth into it, both ends up. What the kernel itself costs."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    rooms: list[tuple[int, Netlink]] = []
    for _ in range(guests + 1):
        unshare(CLONE_NEWNET)
        rooms.append((os.open("/proc/self/ns/net", os.O_RDONLY), Netlink()))
        rooms[-1][1].loopback_up()
    setns(home, CLONE_NEWNET)
    (segment, ports), *nodes = rooms
    ports.add_bridge("br0", 2, snooping=False)
    for number, (namespace, own) in enumerate(nodes, 1):
        mac = f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}"
        port = End(f"h{number}", f"02:00:00:01:{number >> 8:02x}:{number & 255:02x}", 1500, 1000 + number)
        ports.add_veth(port, End("eth0", mac, 1500, 2), namespace, master=2, up=True)
        own.set_link(2, up=True)
    watched = os.dup(segment)

    def down() -> None:
        for namespace, own in rooms:
            own.close()
            os.close(namespace)
        wait_until_gone(watched)

    return down


def wait_until_gone(namespace: int | None = None) -> None:
    """Wait until no link that has a peer is left in the namespace (default: this one), told by the kernel itself.

    A veth is gone when its peer is, so the segment's end stands for both. The descriptor is closed before returning.
    """
    if namespace is not None:
        setns(namespace, CLONE_NEWNET)
    watch = Netlink(RTMGRP_LINK)
    poll = select.poll()
    poll.register(watch, select.POLLIN)
    while any(name.startswith(("h", "s1-", "port")) for _, name in socket.if_nameindex()):
        poll.poll(1000)
        try:
            watch.drain()
        except OSError:  # more notifications than the socket holds: look again
            continue
    watch.close()
    if namespace is not None:
        os.close(namespace)


def used_memory() -> int:
    """Bytes of the machine's memory that are not available."""
    with open("/proc/meminfo", encoding="ascii") as table:
        values = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in table}
    return values["MemTotal"] - values["MemAvailable"]


def main(name: str, guests: int) -> dict[str, Any]:
    """Measure one contender."""
    contender: Callable[[int], Teardown] = {"stock": stock, "stage": stage, "netlink": netlink}[name]
    _import(name)
    gc.collect()
    memory, processes = used_memory(), _processes()
    begin = time.perf_counter()
    down = contender(guests)
    up = time.perf_counter() - begin
    memory, processes = used_memory() - memory, _processes() - processes
    begin = time.perf_counter()
    down()
    return {"up": up, "down": time.perf_counter() - begin, "memory": memory / guests, "processes": processes}


def _import(name: str) -> None:
    """Importing is not bringing up."""
    import mininet.net
    import mininet.nodelib  # noqa: F401
    if name == "stage":
        import topologies.stage.stage  # noqa: F401


def _processes() -> int:
    return sum(entry.isdigit() for entry in os.listdir("/proc"))


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
