"""Kernel tables in our words against `ip -j`, field by field."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fixtures.recording.snapshots import counters, take
from tests.recording.rooms import Room, pair


def ip_json(room: Room, *arguments: str) -> list[dict[str, Any]]:
    """What `ip -j` prints."""
    rows: list[dict[str, Any]] = json.loads(room.ip("-j", *arguments))
    return [row for row in rows if row]


def furnish(room: Callable[[str], Room]) -> Room:
    """A room with addresses, routes and neighbors of every kind."""
    here, there = room("here"), room("there")
    pair(here, there)
    for command in (
        "address add 2001:db8::1/64 dev eth0 nodad", "address add 2001:db8::2/128 dev eth0 nodad preferred_lft 0",
        "address add 2001:db8:5::1/64 dev eth0 valid_lft 900 preferred_lft 600 noprefixroute",
        "address add 192.0.2.1/24 dev eth0", "route add default via 2001:db8::9 metric 50 hoplimit 64 mtu 1400",
        "route add 2001:db8:7::/48 via fe80::9 dev eth0 proto static pref high expires 500",
        "route add blackhole 2001:db8:8::/48", "route add unreachable 64:ff9b::/96 metric 7",
        "route add 2001:db8:9::/48 nexthop via 2001:db8::a weight 2 nexthop via 2001:db8::b",
        "route add 2001:db8::77 dev eth0 table 100", "route add 198.51.100.0/24 via 192.0.2.9",
        "neigh add 2001:db8::9 lladdr 02:00:00:00:00:09 dev eth0 router", "neigh add proxy 2001:db8::70 dev eth0",
        "neigh add 2001:db8::a lladdr 02:00:00:00:00:0a dev eth0 nud stale",
        "neigh add 192.0.2.9 lladdr 02:00:00:00:00:0b dev eth0",
    ):
        here.ip(*(["-6"] if "route" in command and "198" not in command else []), *command.split())
    return here


def test_links_as_ip_words_them(room: Callable[[str], Room]) -> None:
    """Flags, state, MTU and address."""
    here = furnish(room)
    ours, theirs = here.inside(take)["link"], ip_json(here, "link", "show")
    assert len(ours) == len(theirs) == 2
    for our, their in zip(ours, theirs, strict=True):
        for name in ("ifindex", "ifname", "flags", "mtu", "operstate", "address", "link_type"):
            assert our[name] == their[name], (name, our, their)
    assert ours[1]["kind"] == "veth" and ours[1]["addrgenmode"] == "eui64"


def test_addresses_as_ip_words_them(room: Callable[[str], Room]) -> None:
    """`ip` tells the flags one by one, and leaves out `permanent` (it says dynamic for the others)."""
    here = furnish(room)
    ours = {(row["ifname"], row["local"]): row for row in here.inside(take)["address"]}
    theirs = [(link["ifname"], row) for link in ip_json(here, "address", "show") for row in link["addr_info"]]
    assert len(ours) == len(theirs) > 5
    for ifname, their in theirs:
        our = ours[ifname, their["local"]]
        for name in ("family", "local", "prefixlen", "scope"):
            assert our[name] == their[name]
        for name in ("valid_life_time", "preferred_life_time"):
            assert our[name] - their[name] in (0, 1, 2), (name, our, their)  # seconds go by between the two
        assert "protocol" not in their or our["protocol"] == their["protocol"]  # older versions of ip leave it out
        assert ("permanent" in our["flags"]) != their.get("dynamic", False)
        for flag in ("tentative", "deprecated", "nodad", "noprefixroute", "mngtmpaddr", "dadfailed"):
            assert (flag in our["flags"]) == their.get(flag, False), (flag, our, their)


def test_routes_as_ip_words_them(room: Callable[[str], Room]) -> None:
    """All tables of both families; what `ip` leaves out (unicast, main) is there."""
    here = furnish(room)
    ours = here.inside(take)["route"]
    theirs = [{"family": family, **row} for flag, family in (("-6", "inet6"), ("-4", "inet"))
              for row in ip_json(here, "-d", flag, "route", "show", "table", "all")]
    assert len(ours) == len(theirs) > 10
    for their in theirs:
        same = [our for our in ours if our["family"] == their["family"] and our["dst"] == their["dst"]
                and our["type"] == their["type"] and our.get("dev") == their.get("dev")]
        assert len(same) == 1, (their, same)
        for name in ("gateway", "protocol", "metric", "pref", "flags", "prefsrc", "metrics"):
            assert same[0].get(name) == their.get(name), (name, same[0], their)
        assert same[0]["table"] == their.get("table", "main")
        assert abs(same[0].get("expires", 0) - their.get("expires", 0)) <= 1
        hops = [(hop["gateway"], hop["dev"], hop["weight"]) for hop in their.get("nexthops", [])]
        assert [(hop["gateway"], hop["dev"], hop["weight"]) for hop in same[0].get("nexthops", [])] == hops


def test_neighbors_as_ip_words_them(room: Callable[[str], Room]) -> None:
    """Entries and proxy entries. Those of multicast groups may come between the two looks."""
    here = furnish(room)
    ours = {row["dst"]: row for row in here.inside(take)["neighbor"] if not row["dst"].startswith("ff")}
    theirs = [row for row in (*ip_json(here, "neigh", "show", "nud", "all"), *ip_json(here, "neigh", "show", "proxy"))
              if not row["dst"].startswith("ff")]
    assert {their["dst"] for their in theirs} == set(ours)
    for their in theirs:
        our = ours[their["dst"]]
        assert (our["dev"], our.get("lladdr")) == (their["dev"], their.get("lladdr"))
        assert our.get("router", False) == ("router" in their) and our.get("proxy", False) == ("proxy" in their)
        if "proxy" not in their:
            assert our["state"] == their["state"]


def test_sysctls_are_those_of_the_node(room: Callable[[str], Room]) -> None:
    """Of this namespace, not of the process."""
    one, other = room("one"), room("other")
    pair(one, other)
    one.call("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
    assert one.inside(take)["sysctl"]["net.ipv6.conf.all.forwarding"] == 1
    assert other.inside(take)["sysctl"]["net.ipv6.conf.all.forwarding"] == 0
    assert one.inside(take)["sysctl"]["net.ipv6.neigh.eth0.base_reachable_time_ms"] == 30000


def test_counters_are_those_of_the_interface(room: Callable[[str], Room]) -> None:
    """As `ip -s` tells them."""
    here = furnish(room)
    here.ip("link", "set", "eth0", "down")
    (their,) = [row["stats64"] for row in ip_json(here, "-s", "link", "show") if row["ifname"] == "eth0"]
    ours = here.inside(counters)
    assert set(ours) == {"eth0"}
    assert (ours["eth0"].received, ours["eth0"].sent) == (their["rx"]["packets"], their["tx"]["packets"])
