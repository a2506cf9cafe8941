"""Building, raising, power, and the end of a stage."""

from __future__ import annotations

import gc
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv6Interface
from typing import Any

import pytest

from topologies.lan import Lan
from topologies.stage import addressing as plan
from topologies.stage.links import Route
from topologies.stage.netlink import NetlinkError
from topologies.stage.nodes import Guest, Segment, VirtualRouter
from topologies.stage.processes import processes_in
from topologies.stage.rooms import RoomClosed
from topologies.stage.stage import Stage
from topologies.stage.topology import Topology


def held_addresses(node: Any) -> dict[int, list[str]]:
    """The addresses of a node by interface index, without loopback."""
    found: dict[int, list[str]] = {}
    for one in node.room.netlink.addresses():
        if one.index != 1:
            found.setdefault(one.index, []).append(str(one.interface))
    return found


def sysctl(node: Any, name: str) -> str:
    return str(node.inside(lambda: open(f"/proc/sys/net/{name}", encoding="ascii").read().strip()))


def test_nodes_have_the_planned_kind_names_and_macs(lan: Stage) -> None:
    assert isinstance(lan.get("guest"), Guest)
    assert isinstance(lan.get("router"), VirtualRouter)
    assert isinstance(lan.get("lan"), Segment)
    assert [name for name, _ in lan.get("router").interfaces()] == ["lan0", "up0"]
    for node in lan.hosts:
        for name, mac in node.interfaces():
            assert mac == plan.mac_of(node.name, name)
            said = node.inside(lambda node=node, name=name: node.popen(
                ["ip", "-br", "link", "show", name]).communicate()[0].decode())
            assert mac in said


def test_macs_do_not_depend_on_the_topology() -> None:
    with Stage(Lan(guests=1)) as small, Stage(Lan(guests=5, peers=0)) as large:
        assert small.get("guest").interfaces() == large.get("guest").interfaces()
        macs = [mac for node in (*large.hosts, *large.switches) for _, mac in node.interfaces()]
        assert len(set(macs)) == len(macs)


def test_a_taken_mac_is_not_given_twice() -> None:
    class Two(Topology):
        def build(self) -> None:
            self.segment("lan")
            self.guest("b")
            self.peer("a")
            self.plug("a", "eth0", "lan", mac=plan.mac_of("b", "eth0"))
            self.plug("b", "eth0", "lan")

    with Stage(Two()) as stage:
        assert stage.get("b").interfaces() == [("eth0", plan.mac_of("b", "eth0", 1))]


def test_start_raises_all_but_the_held(lan: Stage) -> None:
    assert lan.settle()
    assert held_addresses(lan.get("guest")) == {}
    assert not lan.get("guest").intf("eth0").isUp()
    router = lan.get("router")
    link_local = plan.link_local(dict(router.interfaces())["lan0"])
    assert sorted(held_addresses(router)[2]) == sorted([str(plan.on(plan.LAN_ROUTER, plan.LAN)), f"{link_local}/64"])
    lan.get("guest").set_link("eth0", up=True)
    assert lan.settle()
    assert held_addresses(lan.get("guest")) == {2: [f"{plan.link_local(lan.get('guest').interfaces()[0][1])}/64"]}
    lan.get("guest").set_link("eth0", up=False)
    assert held_addresses(lan.get("guest")) == {}


def test_on_room_comes_before_the_links_and_spares_segments() -> None:
    seen: list[tuple[str, list[str], int]] = []

    def look(node: Any) -> None:
        names = node.inside(lambda: os.listdir("/proc/thread-self/net/dev_snmp6"))
        seen.append((node.name, names, node.netns_inode))

    with Stage(Lan(), on_room=look) as stage:
        assert [(name, links) for name, links, _ in seen] == [(node.name, ["lo"]) for node in stage.hosts]
        assert len({inode for _, _, inode in seen}) == len(seen)


def test_routers_forward_and_hosts_do_not(lan: Stage) -> None:
    assert sysctl(lan.get("router"), "ipv6/conf/lan0/forwarding") == "1"
    assert sysctl(lan.get("guest"), "ipv6/conf/eth0/forwarding") == "0"
    assert sysctl(lan.get("router"), "ipv4/ip_forward") == "1"
    assert sysctl(lan.get("peer"), "ipv4/ip_forward") == "0"


@pytest.mark.parametrize(("name", "default"), [
    ("ipv6/conf/eth0/accept_dad", "1"), ("ipv6/conf/eth0/dad_transmits", "1"), ("ipv6/conf/eth0/accept_ra", "1"),
    ("ipv6/conf/eth0/router_solicitation_delay", "1"), ("ipv6/neigh/eth0/retrans_time_ms", "1000"),
])
def test_timers_and_dad_of_a_guest_are_the_kernels(lan: Stage, name: str, default: str) -> None:
    assert sysctl(lan.get("guest"), name) == default


def test_segments_say_nothing_and_forward_at_once(lan: Stage) -> None:
    segment = lan.get("lan")
    assert held_addresses(segment) == {}
    told = segment.cmd("ip -color=never -d link show br0")
    for words in ("stp_state 0", "forward_delay 0", "mcast_snooping 0", "nf_call_ip6tables 0"):
        assert words in told
    assert "state forwarding" in segment.cmd("bridge link show dev router-1")


def test_snooping_when_asked() -> None:
    class Snooping(Topology):
        def build(self) -> None:
            self.segment("lan", snooping=True)

    with Stage(Snooping()) as stage:
        assert "mcast_snooping 1" in stage.get("lan").cmd("ip -color=never -d link show br0")


def test_static_addresses_routes_and_mtu() -> None:
    class Routed(Topology):
        def build(self) -> None:
            self.router("r", routes=[Route(plan.OUTSIDE_NET, dev="eth0", metric=77),
                                     Route(plan.LAN2, plan.LAN_STATIC[1])])
            self.peer("h")
            self.wire("r", "eth0", "h", "eth0", addresses1=[plan.on(plan.LAN_ROUTER, plan.LAN)], mtu=1280)

    with Stage(Routed()) as stage:
        stage.start()
        routes = stage.get("r").cmd("ip -color=never -6 route")
        assert f"{plan.OUTSIDE_NET} dev eth0 proto static metric 77" in routes
        assert f"{plan.LAN2} via {plan.LAN_STATIC[1]} dev eth0" in routes
        assert "mtu 1280" in stage.get("h").cmd("ip -color=never link show eth0")


def test_a_route_that_cannot_be_is_said_in_the_words_of_ip() -> None:
    class Wrong(Topology):
        def build(self) -> None:
            self.segment("lan")
            self.router("r", routes=[Route(plan.LAN2, plan.OUTSIDE, dev="lan0")])
            self.plug("r", "lan0", "lan", plan.on(plan.LAN_ROUTER, plan.LAN))

    with Stage(Wrong()) as stage, pytest.raises(NetlinkError, match=f"ip route replace {plan.LAN2} via {plan.OUTSIDE}"):
        stage.start()


def test_power_off_takes_the_links_and_what_runs(lan: Stage) -> None:
    guest = lan.get("guest")
    sleeper = guest.spawn(["sleep", "1000"])
    guest.spawn(["setsid", "--fork", "sleep", "1001"]).wait()
    before, macs = guest.netns_inode, guest.interfaces()
    lan.power_off("guest")
    assert sleeper.wait() == -9
    assert processes_in({before}) == []
    assert "guest-" not in lan.get("lan").cmd("ip -color=never -br link")
    with pytest.raises(RoomClosed, match="guest is powered off"):
        guest.inside(os.getpid)
    lan.power_on("guest")
    assert guest.interfaces() == macs
    assert guest.netns_inode != before
    assert not guest.intf("eth0").isUp()
    guest.up()
    assert lan.ping6([guest, lan.get("router"), lan.get("peer")]) == 0.0


def test_power_on_calls_on_room_again_and_raises_the_far_end() -> None:
    class Pair(Topology):
        def build(self) -> None:
            self.compute_host("host")
            self.guest("c")
            self.wire("host", "cali1", "c", "eth0", addresses1=[IPv6Interface("2001:db8:c::1/64")])

    seen: list[str] = []
    with Stage(Pair(), on_room=lambda node: seen.append(node.name)) as stage:
        stage.start()
        stage.power_off("c")
        assert held_addresses(stage.get("host")) == {}
        stage.power_on("c")
        assert seen == ["c", "host", "c"]
        assert stage.get("host").intf("cali1").isUp()
        assert "2001:db8:c::1/64" in next(iter(held_addresses(stage.get("host")).values()))
        with pytest.raises(RuntimeError, match="powered on already"):
            stage.power_on("c")


def test_carrier_is_told_at_once_on_a_wire() -> None:
    """The kernel delays news of a carrier by up to a second where both ends have the same index."""
    class Wire(Topology):
        def build(self) -> None:
            self.peer("a")
            self.peer("b")
            self.wire("a", "eth0", "b", "eth0")

    with Stage(Wire()) as stage:
        assert stage.get("a").intf("eth0").index != stage.get("b").intf("eth0").index


def test_thirty_stages_at_once_from_threads() -> None:
    def one(number: int) -> Stage:
        stage = Stage(Lan())
        stage.start()
        stage.get("guest").up()
        return stage

    with ThreadPoolExecutor(8) as pool:
        stages = list(pool.map(one, range(30)))
    try:
        assert len({node.netns_inode for stage in stages for node in stage.hosts}) == 30 * len(stages[0].hosts)
        assert all(stage.settle(within=20) for stage in stages)
        assert stages[-1].ping6([stages[-1].get("guest"), stages[-1].get("router")]) == 0.0
    finally:
        for stage in stages:
            stage.stop()


def test_nothing_is_left_after_stop() -> None:
    def state() -> tuple[list[str], int, set[str]]:
        gc.collect()
        links = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if fd.isdigit()
                 and os.path.lexists(f"/proc/self/fd/{fd}")]
        return sorted(link for link in links if "/proc/" not in link), threading.active_count(), _children()

    with Stage(Lan()) as stage:  # whatever is loaded once
        stage.get("guest").cmd("true")
    before = state()
    stage = Stage(Lan(guests=3))
    stage.start()
    stage.get("guest").cmd("true")
    stage.get("guest").hide("/var/tmp")
    stage.get("peer").spawn(["sleep", "1000"])
    stage.power_off("guest")
    stage.power_on("guest")
    assert state() != before
    stage.stop()
    stage.stop()
    assert state() == before
    with pytest.raises(RoomClosed):
        stage.get("guest").inside(os.getpid)


def test_a_broken_topology_leaves_nothing() -> None:
    class Broken(Topology):
        def build(self) -> None:
            self.segment("lan")
            self.guest("g")
            self.plug("g", "a-name-that-is-too-long", "lan")

    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(NetlinkError, match="a-name-that-is-too-long"):
        Stage(Broken())
    assert len(os.listdir("/proc/self/fd")) == before


def _children() -> set[str]:
    found = set()
    for task in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{task}/children", encoding="ascii") as table:
                found |= set(table.read().split())
        except FileNotFoundError:
            continue
    return found


def test_a_stage_has_a_proc_of_its_own(lan: Stage) -> None:
    """The kernel's table of names in /proc/sys/net is one for each /proc, and grows with all that share it."""
    here = os.stat("/proc").st_dev
    guest, router = lan.get("guest"), lan.get("router")
    home = guest.inside(lambda: os.stat("/proc").st_dev)
    assert home == router.inside(lambda: os.stat("/proc").st_dev)
    assert home != here
    seen = guest.popen(["stat", "--format", "%d", "/proc"]).communicate()[0]
    assert int(seen) not in (home, here), "programs have one of their node's"
    assert guest.inside(lambda: os.path.exists(f"/proc/{os.getpid()}/ns/net")), "it shows the same processes"
